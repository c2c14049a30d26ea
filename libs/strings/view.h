#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

// Debian builds Abseil with its own string_view type, so ours and Abseil's do not convert by
// themselves. Our APIs speak std::string_view; these cross the border.
namespace lmsmail {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace lmsmail
