#include "libs/language/language_code.h"

#include <algorithm>
#include <cstddef>

namespace lmsmail::language {
namespace {

constexpr std::size_t kMostCode = 35;  // RFC 5646 section 4.4.1
constexpr std::size_t kMostSubtag = 8;

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsLetterOrDigit(char c) { return IsLetter(c) || (c >= '0' && c <= '9'); }

}  // namespace

bool IsLanguageCode(std::string_view code) {
  if (code.size() > kMostCode) return false;
  const std::string_view language = code.substr(0, code.find('-'));
  // Languages of four to eight letters are reserved; none was ever registered.
  if (language.size() < 2 || language.size() > 3 || !std::ranges::all_of(language, IsLetter)) {
    return false;
  }
  code.remove_prefix(language.size());
  while (!code.empty()) {
    code.remove_prefix(1);  // the "-"
    const std::string_view subtag = code.substr(0, code.find('-'));
    if (subtag.empty() || subtag.size() > kMostSubtag ||
        !std::ranges::all_of(subtag, IsLetterOrDigit)) {
      return false;
    }
    code.remove_prefix(subtag.size());
  }
  return true;
}

}  // namespace lmsmail::language
