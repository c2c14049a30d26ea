#include "services/report/domain/local_time.h"

#include <fmt/format.h>

#include "absl/strings/string_view.h"

namespace lmsmail::report {
namespace {

constexpr int kMinutesOfDay = 24 * 60;

}  // namespace

std::optional<absl::CivilMinute> ParseLocalTime(std::string_view text) {
  absl::CivilMinute time;
  // Parsing alone also accepts other forms of the same time.
  if (!absl::ParseCivilTime(absl::string_view(text.data(), text.size()), &time) ||
      FormatLocalTime(time) != text) {
    return std::nullopt;
  }
  return time;
}

std::string FormatLocalTime(absl::CivilMinute time) {
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}", time.year(), time.month(), time.day(),
                     time.hour(), time.minute());
}

bool IsAfterWeek(absl::CivilMinute time, const IsoWeek& week) {
  const absl::CivilDay day(time);
  return day > week.last_day() && day <= week.last_day() + 7;
}

absl::Time InstantOf(absl::CivilMinute time, absl::TimeZone zone, absl::Time end_of_week) {
  // No clock is two days behind another one.
  for (int day = 0; day < 3; ++day, time += kMinutesOfDay) {
    const absl::Time instant = absl::FromCivil(absl::CivilSecond(time), zone);
    if (instant >= end_of_week) return instant;
  }
  return end_of_week;
}

}  // namespace lmsmail::report
