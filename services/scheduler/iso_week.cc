#include "services/scheduler/iso_week.h"

#include <fmt/format.h>

#include "absl/time/civil_time.h"

namespace lmsmail::scheduler {

std::string IsoWeekBefore(absl::Time time, absl::TimeZone zone) {
  constexpr int kDaysOfWeek = 7;
  const absl::CivilDay day = absl::ToCivilDay(time, zone) - kDaysOfWeek;
  const absl::CivilDay monday = absl::PrevWeekday(day + 1, absl::Weekday::monday);
  const absl::CivilDay thursday = monday + 3;
  const int week = (absl::GetYearDay(thursday) - 1) / kDaysOfWeek + 1;
  return fmt::format("{:04}-W{:02}", thursday.year(), week);
}

}  // namespace lmsmail::scheduler
