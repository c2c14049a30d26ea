#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "libs/status/error_details.h"

// Validation of text fields in requests.
namespace lmsmail::validation {

struct TextRule {
  std::size_t max_length;  // characters (code points)
  bool required = false;
  bool multiline = false;  // allows line ends and tabs
};

// What is wrong with `text`, phrased to follow the field's name: it is required but empty, too
// long, not UTF-8, or contains a control character (C0, DEL, C1: Unicode's category Cc).
std::optional<std::string> TextError(std::string_view text, const TextRule& rule);

// Adds the error of TextError() to `violations`.
void CheckText(std::string_view text, std::string_view field, const TextRule& rule,
               Violations& violations);

}  // namespace lmsmail::validation
