#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmsmail::dispatch {

// The header fields of an RFC 5322 message in their order, unfolded (section 2.2.3).
std::vector<std::pair<std::string_view, std::string>> HeadersOf(std::string_view message);

}  // namespace lmsmail::dispatch
