#pragma once

#include <string_view>

namespace lmsmail::render {

// Whether `text` is a URL that a mail may link to: http or https with a host, or mailto with an
// address. Characters beyond ASCII and those of "[]{}|^" are accepted after the scheme, because
// browsers do so and many systems write them.
bool IsMailUrl(std::string_view text);

}  // namespace lmsmail::render
