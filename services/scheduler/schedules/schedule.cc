#include "services/scheduler/schedules/schedule.h"

#include <fmt/format.h>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/etag/etag.h"
#include "libs/time_zone/time_zone.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {

std::string NameOf(const Schedule& schedule) { return ScheduleName(schedule.id); }

std::string EtagOf(const Schedule& schedule) {
  return etag::Make(fmt::format("{}/{}", schedule.id, schedule.revision));
}

std::optional<absl::Time> NextRunTime(const Schedule& schedule, absl::Time after) {
  const auto expression = cron::Parse(schedule.cron);
  const auto zone = time_zone::Load(schedule.time_zone);
  if (!expression.ok() || !zone.ok()) return std::nullopt;
  return cron::Next(*expression, *zone, after);
}

}  // namespace lmsmail::scheduler
