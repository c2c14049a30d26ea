#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lmsmail::config::internal {

// The candidate with the fewest edits from `name`, or "" when all differ too much for a typing
// error.
std::string Nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace lmsmail::config::internal
