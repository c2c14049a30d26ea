#pragma once

#include <string>
#include <string_view>

namespace lmsmail::gateway {

// The HTML part of a mail as the inbox page shows it. It has dark or light colours, whatever the
// browser prefers: each media feature "prefers-color-scheme: dark" is replaced by one that always
// or never holds. Its links open in windows of their own, as a mail program's do.
std::string PreviewOf(std::string_view html, bool dark);

}  // namespace lmsmail::gateway
