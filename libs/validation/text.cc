#include "libs/validation/text.h"

#include <fmt/format.h>

#include <utility>

#include "libs/strings/utf8.h"

namespace lmsmail::validation {
namespace {

bool IsControl(char32_t c) { return c < 0x20 || (c >= 0x7f && c < 0xa0); }
bool IsLayout(char32_t c) { return c == '\t' || c == '\n' || c == '\r'; }

}  // namespace

std::optional<std::string> TextError(std::string_view text, const TextRule& rule) {
  if (text.empty() && rule.required)
    return fmt::format("is required: 1 to {} characters", rule.max_length);
  std::size_t count = 0;
  bool control = false;
  while (!text.empty()) {
    const auto point = FirstCodePoint(text);
    if (!point) return "must be UTF-8";
    control |= IsControl(point->value) && !(rule.multiline && IsLayout(point->value));
    ++count;
    text.remove_prefix(point->size);
  }
  if (count > rule.max_length) {
    return fmt::format("has {} characters; at most {} are allowed", count, rule.max_length);
  }
  if (control) {
    return rule.multiline ? "contains a control character; remove it"
                          : "must be one line without control characters";
  }
  return std::nullopt;
}

void CheckText(std::string_view text, std::string_view field, const TextRule& rule,
               Violations& violations) {
  if (auto error = TextError(text, rule)) violations.Add(std::string(field), *std::move(error));
}

}  // namespace lmsmail::validation
