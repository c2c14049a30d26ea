#pragma once

#include <optional>
#include <pqxx/row>
#include <string>

#include "absl/time/time.h"

#include "services/scheduler/schedules/schedule.h"

// Reads rows of the tables schedule and schedule_run.
namespace lmsmail::scheduler {

inline constexpr char kScheduleColumns[] =
    "s.schedule_id, s.display_name, s.cron, s.time_zone, s.catch_up, s.catch_up_seconds, s.action, "
    "s.max_age_seconds, s.paused, s.next_run_time, s.last_run_time, s.create_time, s.update_time, "
    "s.revision, s.local_time";
inline constexpr char kRunColumns[] =
    "r.schedule_id, r.run_id, r.nominal_time, r.state, r.detail, r.attempts, r.start_time, "
    "r.end_time";

Schedule ReadSchedule(const pqxx::row& row);
ScheduleRun ReadRun(const pqxx::row& row);

std::int64_t MaxAgeSeconds(const Action& action);
std::optional<std::string> OptionalTimestamptz(const std::optional<absl::Time>& time);

}  // namespace lmsmail::scheduler
