#pragma once

#include <string_view>

#include "libs/mime/message.h"
#include "libs/status/error_details.h"

namespace lmsmail::mime {

// Returns the errors that keep `message` from being built, by the names of Message's fields. No
// valid message can end a header field or start another.
Violations Validate(const Message& message);

// Whether `uri` is valid as Message::unsubscribe_url: https (RFC 8058 section 3.1), or http to a
// loopback address for development.
bool IsOneClickUri(std::string_view uri);

}  // namespace lmsmail::mime
