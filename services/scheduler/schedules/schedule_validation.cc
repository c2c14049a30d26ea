#include "services/scheduler/schedules/schedule_validation.h"

#include <variant>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/time_zone/time_zone.h"
#include "services/scheduler/domain/field_validation.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kMaxCatchUpWindow = absl::Hours(24 * 30);
constexpr absl::Duration kMinLogAge = absl::Hours(24 * 7);
constexpr absl::Duration kMaxLogAge = absl::Hours(24 * 366 * 100);

void CheckTimes(const Schedule& schedule, Violations& violations) {
  const auto expression = cron::Parse(schedule.cron);
  for (const FieldViolation& violation : ViolationsOf(expression.status())) {
    violations.Add("cron", violation.field.empty()
                               ? violation.description
                               : violation.field + ": " + violation.description);
  }
  const auto zone = time_zone::Load(schedule.time_zone.empty() ? "UTC" : schedule.time_zone);
  for (const FieldViolation& violation : ViolationsOf(zone.status())) {
    violations.Add("time_zone", violation.description);
  }
  if (expression.ok() && zone.ok() && !cron::Next(*expression, *zone, absl::UnixEpoch())) {
    violations.Add("cron", "matches no date of the calendar, so the schedule would never run");
  }
}

void CheckAction(const Action& action, Violations& violations) {
  if (std::holds_alternative<std::monostate>(action)) {
    violations.Add("action",
                   "is required: one of generate_weekly_reports, sweep_queue and purge_logs");
  }
  const auto* purge = std::get_if<PurgeLogs>(&action);
  if (purge != nullptr && (purge->max_age < kMinLogAge || purge->max_age > kMaxLogAge)) {
    violations.Add("action.purge_logs.max_age", "must be at least 7 days (604800s)");
  }
}

}  // namespace

Violations CheckSchedule(const Schedule& schedule) {
  Violations violations;
  CheckDisplayName(schedule.display_name, "display_name", violations);
  CheckTimes(schedule, violations);
  if (schedule.catch_up_window < absl::ZeroDuration() ||
      schedule.catch_up_window > kMaxCatchUpWindow) {
    violations.Add("catch_up_window", "must be from 0 to 30 days (2592000s)");
  }
  CheckAction(schedule.action, violations);
  if (schedule.local_time && !std::holds_alternative<GenerateWeeklyReports>(schedule.action)) {
    violations.Add("local_time", "needs the action generate_weekly_reports: no other sends mail");
  }
  if (schedule.local_time && !schedule.time_zone.empty()) {
    violations.Add("time_zone", "must be empty with local_time: each recipient's own zone counts");
  }
  return violations;
}

}  // namespace lmsmail::scheduler
