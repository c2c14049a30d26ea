#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::smtp {

// `text` fit for a log line and a database column: at most `max_bytes`, line breaks as a space, and
// whatever is not printable UTF-8 as '?'.
std::string Printable(std::string_view text, size_t max_bytes);

}  // namespace lmsmail::smtp
