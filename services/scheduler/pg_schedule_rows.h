#pragma once

#include <optional>
#include <pqxx/row>
#include <string>

#include "absl/time/time.h"

#include "services/scheduler/schedule.h"

// Rows of the tables schedule and schedule_run.
namespace lmsmail::scheduler {

inline constexpr char kScheduleColumns[] =
    "s.schedule_id, s.display_name, s.cron, s.time_zone, s.catch_up, s.catch_up_seconds, s.action, "
    "s.max_age_seconds, s.paused, s.next_run_at, s.last_run_at, s.created_at AS "
    "schedule_created_at, "
    "s.updated_at, s.revision";
inline constexpr char kRunColumns[] =
    "r.schedule_id, r.run_id, r.nominal_at, r.state, r.detail, r.attempts, r.started_at, "
    "r.ended_at";

Schedule ReadSchedule(const pqxx::row& row);
ScheduleRun ReadRun(const pqxx::row& row);

std::int64_t MaxAgeSeconds(const Action& action);
std::optional<std::string> OptionalTimestamptz(const std::optional<absl::Time>& time);

}  // namespace lmsmail::scheduler
