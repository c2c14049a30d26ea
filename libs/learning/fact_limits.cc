#include "libs/learning/fact_limits.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>

#include "libs/validation/text.h"

namespace lmsmail::learning {
namespace {

constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxItemId = 128;
constexpr std::size_t kMaxUrl = 2000;
constexpr std::int64_t kMaxLessons = 100'000;
constexpr absl::Duration kClockDifference = absl::Hours(24);
constexpr absl::Duration kMaxAhead = absl::Hours(24 * 366 * 5);
constexpr absl::Duration kMaxWatched = absl::Hours(24);
constexpr absl::Duration kMinWatched = absl::Milliseconds(1);
// Nothing is older. Detects milliseconds sent as seconds and the reverse.
const absl::Time kEarliest = absl::FromUnixSeconds(946'684'800);  // 2000-01-01

std::string Date(absl::Time time) {
  return absl::FormatTime("%E4Y-%m-%d", time, absl::UTCTimeZone());
}

}  // namespace

void CheckHappened(absl::Time time, absl::Time now, std::string_view field,
                   Violations& violations) {
  if (time >= kEarliest && time <= now + kClockDifference) return;
  violations.Add(std::string(field),
                 fmt::format("is {}; it must be from the year 2000 until 24 hours from now. Leave "
                             "it out, or 0, if the time is not known",
                             Date(time)));
}

void CheckStart(absl::Time time, absl::Time now, std::string_view field, Violations& violations) {
  if (time >= kEarliest && time <= now + kMaxAhead) return;
  violations.Add(std::string(field),
                 fmt::format("is {}; it must be from the year 2000 until five years from now. "
                             "Leave it out, or 0, if there is no date",
                             Date(time)));
}

void CheckWatched(absl::Duration duration, std::string_view field, Violations& violations) {
  if (duration >= kMinWatched && duration <= kMaxWatched) return;
  violations.Add(std::string(field), "must be more than 0 and at most 24 hours (86400s)");
}

void CheckItemId(std::string_view id, std::string_view field, Violations& violations) {
  validation::CheckText(id, field, {.max_length = kMaxItemId, .required = true}, violations);
}

void CheckTitle(std::string_view title, std::string_view field, Violations& violations) {
  validation::CheckText(title, field, {.max_length = kMaxTitle}, violations);
}

void CheckRequiredTitle(std::string_view title, std::string_view field, Violations& violations) {
  validation::CheckText(title, field, {.max_length = kMaxTitle, .required = true}, violations);
}

void CheckUrl(std::string_view url, std::string_view field, Violations& violations) {
  if (url.empty()) return;
  const bool http = url.starts_with("https://") || url.starts_with("http://");
  const bool printable = std::ranges::all_of(url, [](char c) { return c > ' ' && c < 0x7f; });
  if (http && printable && url.size() <= kMaxUrl) return;
  violations.Add(std::string(field),
                 fmt::format("must be a percent-encoded http or https URL without spaces, such as "
                             "https://learn.example/courses/1, of at most {} characters",
                             kMaxUrl));
}

void CheckLessonCount(std::int64_t count, std::string_view field, Violations& violations) {
  if (count >= 0 && count <= kMaxLessons) return;
  violations.Add(std::string(field),
                 fmt::format("must be 0 (not known) to {}; it is {}", kMaxLessons, count));
}

}  // namespace lmsmail::learning
