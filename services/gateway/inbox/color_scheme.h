#pragma once

#include <string>
#include <string_view>

namespace lmsmail::gateway {

// The HTML as a browser with dark or light colours shows it, whatever this browser has: each media
// feature "prefers-color-scheme: dark" is replaced by one that always or never holds.
std::string WithColorScheme(std::string_view html, bool dark);

}  // namespace lmsmail::gateway
