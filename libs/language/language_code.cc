#include "libs/language/language_code.h"

#include <algorithm>
#include <cstddef>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/strings/view.h"

namespace lmsmail::language {
namespace {

constexpr std::size_t kMaxCode = 35;  // RFC 5646 section 4.4.1
constexpr std::size_t kMaxSubtag = 8;

std::string_view PrimarySubtag(std::string_view code) { return code.substr(0, code.find('-')); }

bool IsSame(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

}  // namespace

bool IsLanguageCode(std::string_view code) {
  if (code.size() > kMaxCode) return false;
  const std::string_view language = code.substr(0, code.find('-'));
  // Languages of four to eight letters are reserved; none was ever registered.
  if (language.size() < 2 || language.size() > 3 ||
      !std::ranges::all_of(language, absl::ascii_isalpha)) {
    return false;
  }
  code.remove_prefix(language.size());
  while (!code.empty()) {
    code.remove_prefix(1);  // the "-"
    const std::string_view subtag = code.substr(0, code.find('-'));
    if (subtag.empty() || subtag.size() > kMaxSubtag ||
        !std::ranges::all_of(subtag, absl::ascii_isalnum)) {
      return false;
    }
    code.remove_prefix(subtag.size());
  }
  return true;
}

Closeness ClosenessOf(std::string_view offered, std::string_view wanted) {
  if (IsSame(offered, wanted)) return Closeness::kExact;
  const std::string_view primary = PrimarySubtag(wanted);
  if (IsSame(offered, primary)) return Closeness::kGeneral;
  return IsSame(PrimarySubtag(offered), primary) ? Closeness::kSameLanguage : Closeness::kNone;
}

}  // namespace lmsmail::language
