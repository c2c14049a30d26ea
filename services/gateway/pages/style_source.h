#pragma once

#include <string>
#include <string_view>

namespace lmsmail::gateway {

// The source expression of a style for a Content-Security-Policy: 'sha256-...'.
std::string StyleSource(std::string_view css);

}  // namespace lmsmail::gateway
