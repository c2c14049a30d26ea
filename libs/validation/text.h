#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "libs/status/error_details.h"

// What callers may write into a field of text.
namespace lmsmail::validation {

struct TextRule {
  std::size_t max_length;  // characters (code points)
  bool required = false;
  bool multiline = false;  // may have line ends and tabs
};

// What is wrong with `text`, to stand after the field's name: it is empty though required, longer
// than allowed, no UTF-8, or holds a control character (C0, DEL, C1: Unicode's category Cc).
std::optional<std::string> TextError(std::string_view text, const TextRule& rule);

// Adds that to `violations`.
void CheckText(std::string_view text, std::string_view field, const TextRule& rule,
               Violations& violations);

}  // namespace lmsmail::validation
