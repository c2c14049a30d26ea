#pragma once

#include <string_view>

#include "absl/strings/string_view.h"

// Debian builds Abseil with its own string_view type, which does not convert to std::string_view
// implicitly. Our APIs use std::string_view.
namespace lmsmail {

inline absl::string_view ToAbsl(std::string_view text) { return {text.data(), text.size()}; }
inline std::string_view ToStd(absl::string_view text) { return {text.data(), text.size()}; }

}  // namespace lmsmail
