#pragma once

#include <string>
#include <string_view>

#include "libs/http_server/headers.h"
#include "libs/http_server/message.h"

namespace lmsmail::http_server {

// Whether a response with that status has a body, if it is not the answer to HEAD.
bool MayHaveBody(int status);

// The status line and the fields of a response, with the empty line. `close` tells the client that
// the connection ends. A response that cannot be written safely, because a field could split it or
// its status is no final one, is replaced by a 500 first. Fields of `defaults` that the response
// lacks are added.
std::string SerializeHead(Response& response, bool close, const Headers& defaults);

}  // namespace lmsmail::http_server
