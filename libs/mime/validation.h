#pragma once

#include <string_view>

#include "libs/mime/message.h"
#include "libs/status/error_details.h"

namespace lmsmail::mime {

// What keeps a message from being built, by the names of Message's fields. Nothing that passes can
// end a header field or start another.
Violations Validate(const Message& message);

// Fit for Message::unsubscribe_url: https (RFC 8058 section 3.1), or http to this very machine,
// where a developer tries things out.
bool IsOneClickUri(std::string_view uri);

}  // namespace lmsmail::mime
