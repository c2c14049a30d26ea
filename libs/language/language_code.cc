#include "libs/language/language_code.h"

#include <unicode/uloc.h>

#include <algorithm>
#include <cstddef>
#include <memory>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/ascii.h"
#include "absl/strings/match.h"

#include "libs/language/fallback.h"
#include "libs/strings/view.h"

namespace lmsmail::language {
namespace {

constexpr std::size_t kMaxCode = 35;  // RFC 5646 section 4.4.1
constexpr std::size_t kMaxSubtag = 8;

constexpr int kOtherVariety = 1000;  // farther than any parent
// Of a thread. Schools have readers of a few dozen languages; callers may ask for any.
constexpr std::size_t kMaxCached = 500;

std::shared_ptr<const Fallback> Cached(std::string_view code) {
  thread_local absl::flat_hash_map<std::string, std::shared_ptr<const Fallback>> cache;
  if (const auto it = cache.find(ToAbsl(code)); it != cache.end()) return it->second;
  if (cache.size() >= kMaxCached) cache.clear();
  return cache[std::string(code)] = std::make_shared<const Fallback>(FallbackOf(code));
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

std::optional<int> Distance(std::string_view offered, std::string_view wanted) {
  if (absl::EqualsIgnoreCase(ToAbsl(offered), ToAbsl(wanted))) return 0;
  const std::shared_ptr<const Fallback> reads = Cached(wanted);
  const std::shared_ptr<const Fallback> has = Cached(offered);
  if (reads->chain.empty() || has->chain.empty()) return std::nullopt;
  const auto found = std::ranges::find(reads->chain, has->chain.front());
  if (found != reads->chain.end()) return 1 + static_cast<int>(found - reads->chain.begin());
  const bool is_variety = has->written == reads->written ||
                          std::ranges::find(has->chain, reads->chain.front()) != has->chain.end();
  return is_variety ? std::optional(kOtherVariety) : std::nullopt;
}

bool IsSameOrParent(std::string_view offered, std::string_view wanted) {
  const std::optional<int> distance = Distance(offered, wanted);
  return distance && *distance < kOtherVariety;
}

bool IsRightToLeft(std::string_view code) {
  return uloc_isRightToLeft(std::string(code).c_str()) != 0;
}

}  // namespace lmsmail::language
