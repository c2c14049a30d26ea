#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lmsmail::smtp {

// Makes `text` fit for a log line and a database column: at most `max_bytes`, line breaks and tabs
// as spaces, and everything but printable UTF-8 as '?'.
std::string Printable(std::string_view text, size_t max_bytes);

}  // namespace lmsmail::smtp
