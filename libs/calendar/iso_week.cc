#include "libs/calendar/iso_week.h"

#include <fmt/format.h>

namespace lmsmail {
namespace {

// -1 unless `text` is digits only.
int Number(std::string_view text) {
  int number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return -1;
    number = number * 10 + (c - '0');
  }
  return number;
}

}  // namespace

IsoWeek::IsoWeek(absl::CivilDay any_day)
    : monday_(absl::PrevWeekday(any_day + 1, absl::Weekday::monday)) {}

std::optional<IsoWeek> IsoWeek::Parse(std::string_view text) {
  if (text.size() != 8 || text.substr(4, 2) != "-W") return std::nullopt;
  const int year = Number(text.substr(0, 4));
  const int week = Number(text.substr(6));
  if (year < 1 || week < 1) return std::nullopt;
  // The 4th of January is always in week 1.
  const IsoWeek parsed(IsoWeek(absl::CivilDay(year, 1, 4)).monday_ + 7 * (week - 1));
  if (parsed.ToString() != text) return std::nullopt;
  return parsed;
}

IsoWeek IsoWeek::LastWhole(absl::Time now, absl::TimeZone zone) {
  return IsoWeek(IsoWeek(absl::ToCivilDay(now, zone)).monday_ - 7);
}

std::string IsoWeek::ToString() const {
  const absl::CivilDay thursday = monday_ + 3;
  return fmt::format("{:04}-W{:02}", thursday.year(), (absl::GetYearDay(thursday) - 1) / 7 + 1);
}

std::vector<absl::Time> IsoWeek::DayBounds(absl::TimeZone zone) const {
  std::vector<absl::Time> bounds;
  for (int day = 0; day <= 7; ++day) bounds.push_back(absl::FromCivil(monday_ + day, zone));
  return bounds;
}

}  // namespace lmsmail
