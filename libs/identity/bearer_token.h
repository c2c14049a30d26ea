#pragma once

#include <string_view>

namespace lmsmail::identity {

// The token in the value of an Authorization field, "Bearer TOKEN" (RFC 6750 section 2.1). The
// value itself for another scheme, so that it counts as a token, which nobody has.
std::string_view BearerToken(std::string_view authorization);

}  // namespace lmsmail::identity
