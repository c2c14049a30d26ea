#pragma once

#include <string_view>

#include "libs/http_server/headers.h"

namespace lmsmail::gateway {

// The fields that every response has, unless a page has its own. `style_source` is the only style
// that pages may have. With `https`, browsers are told to use nothing else from now on.
http_server::Headers SecurityHeaders(std::string_view style_source, bool https);

}  // namespace lmsmail::gateway
