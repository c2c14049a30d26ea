#include "services/scheduler/storage/pg_schedule_rows.h"

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kWeeklyReports = 1;
constexpr int kSweepQueue = 2;
constexpr int kPurgeLogs = 3;

Action ReadAction(const pqxx::row& row) {
  switch (row["action"].as<int>()) {
    case kWeeklyReports:
      return GenerateWeeklyReports{};
    case kSweepQueue:
      return SweepQueue{};
    case kPurgeLogs:
      return PurgeLogs{absl::Seconds(row["max_age_seconds"].as<std::int64_t>())};
    default:
      return std::monostate{};
  }
}

}  // namespace

Schedule ReadSchedule(const pqxx::row& row) {
  return {.id = postgres::Text(row["schedule_id"]),
          .display_name = postgres::Text(row["display_name"]),
          .cron = postgres::Text(row["cron"]),
          .time_zone = postgres::Text(row["time_zone"]),
          .local_time = row["local_time"].as<bool>(),
          .catch_up = static_cast<CatchUp>(row["catch_up"].as<int>()),
          .catch_up_window = absl::Seconds(row["catch_up_seconds"].as<std::int64_t>()),
          .action = ReadAction(row),
          .paused = row["paused"].as<bool>(),
          .next_run_time = postgres::OptionalTime(row["next_run_time"]),
          .last_run_time = postgres::OptionalTime(row["last_run_time"]),
          .create_time = postgres::Time(row["create_time"]),
          .update_time = postgres::Time(row["update_time"]),
          .revision = row["revision"].as<std::int64_t>()};
}

ScheduleRun ReadRun(const pqxx::row& row) {
  return {.schedule_id = postgres::Text(row["schedule_id"]),
          .id = postgres::Text(row["run_id"]),
          .nominal_time = postgres::Time(row["nominal_time"]),
          .state = static_cast<ScheduleRun::State>(row["state"].as<int>()),
          .detail = postgres::Text(row["detail"]),
          .start_time = postgres::OptionalTime(row["start_time"]),
          .end_time = postgres::OptionalTime(row["end_time"]),
          .attempts = row["attempts"].as<int>()};
}

std::int64_t MaxAgeSeconds(const Action& action) {
  const auto* purge = std::get_if<PurgeLogs>(&action);
  return purge == nullptr ? 0 : absl::ToInt64Seconds(purge->max_age);
}

std::optional<std::string> OptionalTimestamptz(const std::optional<absl::Time>& time) {
  if (!time) return std::nullopt;
  return postgres::ToTimestamptz(*time);
}

}  // namespace lmsmail::scheduler
