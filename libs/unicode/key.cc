#include "libs/unicode/key.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>

namespace lmsmail::unicode {

bool IsPlainKey(std::string_view key) {
  const bool printable_ascii =
      std::ranges::all_of(key, [](char c) { return c >= ' ' && c < 0x7f; });
  return printable_ascii && (key.empty() || (key.front() != ' ' && key.back() != ' '));
}

std::string NormalizeKey(std::string_view key) {
  icu::UnicodeString text =
      icu::UnicodeString::fromUTF8({key.data(), static_cast<std::int32_t>(key.size())});
  std::int32_t begin = 0;
  std::int32_t end = text.length();
  while (begin < end && u_isUWhiteSpace(text.char32At(begin)) != 0) ++begin;
  while (begin < end && u_isUWhiteSpace(text.char32At(end - 1)) != 0) --end;
  text = icu::UnicodeString(text, begin, end - begin);
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  if (U_SUCCESS(error)) text = nfc->normalize(text, error);
  std::string normal;
  return text.toUTF8String(normal);
}

}  // namespace lmsmail::unicode
