#pragma once

#include "libs/mime/message.h"
#include "libs/status/fault.h"

namespace lmsmail::mime {

// What keeps a message from being built, by the names of Message's fields. Nothing that passes can
// end a header field or start another.
Violations Validate(const Message& message);

}  // namespace lmsmail::mime
