#include "libs/address/normalization.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <cstdint>
#include <optional>

#include "libs/strings/utf8.h"

namespace lmsmail::address {
namespace {

icu::UnicodeString Fold(const icu::UnicodeString& text) {
  icu::UnicodeString folded;
  for (std::int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
    // Lower case first: case folding alone keeps the Turkish capital I with a dot.
    folded.append(u_foldCase(u_tolower(text.char32At(i)), U_FOLD_CASE_DEFAULT));
  }
  return folded;
}

bool IsVisibleNonAscii(std::optional<CodePoint> point) {
  return point && point->value > 0x7f && !IsInvisible(point->value) && !IsSpace(point->value);
}

}  // namespace

bool IsSpace(char32_t c) {
  return c == ' ' || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) || c == 0x202f ||
         c == 0x205f || c == 0x3000;
}

bool IsInvisible(char32_t c) {
  return c == 0xad || c == 0x61c || (c >= 0x200b && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
         (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfdd0 && c <= 0xfdef) ||
         (c & 0xfffe) == 0xfffe || (c >= 0xe0000 && c <= 0xe0fff);
}

bool IsJoiner(char32_t c) { return c == 0x200c || c == 0x200d; }

std::string FoldCase(std::string_view text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* const nfc = icu::Normalizer2::getNFCInstance(status);
  if (U_FAILURE(status)) return std::string(text);  // The data of NFC is part of the library.
  const icu::UnicodeString composed = nfc->normalize(
      icu::UnicodeString::fromUTF8({text.data(), static_cast<std::int32_t>(text.size())}), status);
  std::string folded;
  nfc->normalize(Fold(composed), status).toUTF8String(folded);
  return folded;
}

std::string WithoutInvisible(std::string_view text) {
  std::string visible;
  visible.reserve(text.size());
  bool after_non_ascii = false;
  for (std::string_view rest = text; !rest.empty();) {
    const auto point = FirstCodePoint(rest);
    if (!point) return std::string(text);
    const std::string_view next = rest.substr(point->size);
    const bool joins = IsJoiner(point->value) && after_non_ascii && !next.empty() &&
                       IsVisibleNonAscii(FirstCodePoint(next));
    if (!IsInvisible(point->value) || joins) {
      visible.append(rest.substr(0, point->size));
      after_non_ascii = IsVisibleNonAscii(point);
    }
    rest = next;
  }
  return visible;
}

}  // namespace lmsmail::address
