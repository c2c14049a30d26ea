#include "services/scheduler/schedules/schedule.h"

#include <fmt/format.h>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/etag/etag.h"
#include "libs/school/zone_of.h"
#include "libs/time_zone/time_zone.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {

std::string NameOf(const Schedule& schedule) { return ScheduleName(schedule.id); }

std::string EtagOf(const Schedule& schedule) {
  return etag::Make(fmt::format("{}/{}", schedule.id, schedule.revision));
}

absl::TimeZone FirstZone() { return absl::FixedTimeZone(14 * 60 * 60); }

absl::StatusOr<absl::TimeZone> ZoneOf(const Schedule& schedule, school::SchoolSource& school) {
  if (schedule.local_time) return FirstZone();
  if (!schedule.time_zone.empty()) return time_zone::Load(schedule.time_zone);
  return school::ZoneOf(school);
}

std::optional<absl::Time> NextRunTime(const Schedule& schedule, absl::TimeZone zone,
                                      absl::Time after) {
  const auto expression = cron::Parse(schedule.cron);
  if (!expression.ok()) return std::nullopt;
  return cron::Next(*expression, zone, after);
}

}  // namespace lmsmail::scheduler
