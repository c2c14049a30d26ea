#include "services/scheduler/schedule.h"

#include <fmt/format.h>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/cron/zone.h"
#include "libs/rpc/etag.h"
#include "services/scheduler/field_checks.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kMaxCatchUpWindow = absl::Hours(24 * 30);
constexpr absl::Duration kLeastMaxAge = absl::Hours(24 * 7);
constexpr absl::Duration kMostMaxAge = absl::Hours(24 * 366 * 100);

void CheckTimes(const Schedule& schedule, Violations& violations) {
  const auto expression = cron::Parse(schedule.cron);
  for (const FieldViolation& fault : ViolationsOf(expression.status())) {
    violations.Add(
        "cron", fault.field.empty() ? fault.description : fault.field + ": " + fault.description);
  }
  const auto zone = cron::LoadZone(schedule.time_zone);
  for (const FieldViolation& fault : ViolationsOf(zone.status())) {
    violations.Add("time_zone", fault.description);
  }
  if (expression.ok() && zone.ok() && !cron::Next(*expression, *zone, absl::UnixEpoch())) {
    violations.Add("cron", "names no date that the calendar has, so it would never run");
  }
}

void CheckAction(const Action& action, Violations& violations) {
  if (std::holds_alternative<std::monostate>(action)) {
    violations.Add("action",
                   "is required: one of generate_weekly_reports, sweep_queue and purge_logs");
  }
  const auto* purge = std::get_if<PurgeLogs>(&action);
  if (purge != nullptr && (purge->max_age < kLeastMaxAge || purge->max_age > kMostMaxAge)) {
    violations.Add("action.purge_logs.max_age", "must be at least 7 days (604800s)");
  }
}

}  // namespace

std::string EtagOf(const Schedule& schedule) {
  return rpc::EtagOf(fmt::format("{}/{}", schedule.id, schedule.revision));
}

Violations CheckSchedule(const Schedule& schedule) {
  Violations violations;
  CheckDisplayName(schedule.display_name, "display_name", violations);
  CheckTimes(schedule, violations);
  if (schedule.catch_up_window < absl::ZeroDuration() ||
      schedule.catch_up_window > kMaxCatchUpWindow) {
    violations.Add("catch_up_window", "must be from 0 to 30 days (2592000s)");
  }
  CheckAction(schedule.action, violations);
  return violations;
}

std::optional<absl::Time> NextRunTime(const Schedule& schedule, absl::Time after) {
  const auto expression = cron::Parse(schedule.cron);
  const auto zone = cron::LoadZone(schedule.time_zone);
  if (!expression.ok() || !zone.ok()) return std::nullopt;
  return cron::Next(*expression, *zone, after);
}

}  // namespace lmsmail::scheduler
