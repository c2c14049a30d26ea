#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "libs/strings/octets.h"

namespace lmsmail {

struct CodePoint {
  char32_t value;
  std::size_t size;  // octets in UTF-8
};

// The first code point of `text`, which must not be empty. nullopt when `text` does not begin with
// well-formed UTF-8 (RFC 3629), for example with an overlong form, a surrogate or a value past
// U+10FFFF.
inline std::optional<CodePoint> FirstCodePoint(std::string_view text) {
  const auto octet = [text](std::size_t i) { return static_cast<std::uint8_t>(text[i]); };
  const std::uint8_t lead = octet(0);
  if (lead < 0x80) return CodePoint{lead, 1};
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return std::nullopt;
  char32_t value = lead & (0xffu >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((octet(i) & 0xc0) != 0x80) return std::nullopt;
    value = value << 6 | (octet(i) & 0x3fu);
  }
  constexpr char32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = value >= 0xd800 && value <= 0xdfff;
  if (value < kSmallest[size] || surrogate || value > 0x10ffff) return std::nullopt;
  return CodePoint{value, size};
}

inline bool IsValidUtf8(std::string_view text) {
  while (!text.empty()) {
    // Skips ASCII quickly, because most text is ASCII.
    text.remove_prefix(FindOctet(text, [](Octets x) { return x > 0x7f; }));
    if (text.empty()) return true;
    const auto point = FirstCodePoint(text);
    if (!point) return false;
    text.remove_prefix(point->size);
  }
  return true;
}

// The longest start of `text` that has at most `max` octets and does not split a code point.
inline std::string_view TruncateUtf8(std::string_view text, std::size_t max) {
  if (text.size() <= max) return text;
  while (max > 0 && (static_cast<std::uint8_t>(text[max]) & 0xc0) == 0x80) --max;
  return text.substr(0, max);
}

}  // namespace lmsmail
