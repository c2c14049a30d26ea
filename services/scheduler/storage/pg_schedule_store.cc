#include "services/scheduler/storage/pg_schedule_store.h"

#include <fmt/format.h>

#include <pqxx/result>
#include <string>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/storage/pg_request_store.h"
#include "services/scheduler/storage/pg_resource_rows.h"
#include "services/scheduler/storage/pg_schedule_rows.h"

namespace lmsmail::scheduler {
namespace {

using postgres::OrNull;
using postgres::RunInTransaction;
using postgres::ToTimestamptz;

std::vector<Schedule> ReadSchedules(const pqxx::result& rows) {
  std::vector<Schedule> schedules;
  for (const pqxx::row& row : rows) schedules.push_back(ReadSchedule(row));
  return schedules;
}

std::string Select(std::string_view rest) {
  return fmt::format("SELECT {} FROM schedule s {}", kScheduleColumns, rest);
}

constexpr char kInsert[] = R"(
INSERT INTO schedule (schedule_id, display_name, cron, time_zone, catch_up, catch_up_seconds, action,
                      max_age_seconds, paused, next_run_time, create_time, update_time, revision, local_time)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13))";
constexpr char kUpdate[] = R"(
UPDATE schedule SET display_name = $2, cron = $3, time_zone = $4, catch_up = $5,
       catch_up_seconds = $6, action = $7, max_age_seconds = $8, paused = $9, next_run_time = $10,
       update_time = $11, revision = $12, local_time = $13
 WHERE schedule_id = $1 AND revision = $12 - 1)";

// `time` is the create time of a new schedule, or else the update time.
pqxx::result Write(const char* sql, const Schedule& schedule, absl::Time time, pqxx::work& tx) {
  return tx.exec_params(sql, schedule.id, schedule.display_name, schedule.cron, schedule.time_zone,
                        static_cast<int>(schedule.catch_up),
                        absl::ToInt64Seconds(schedule.catch_up_window), schedule.action.index(),
                        MaxAgeSeconds(schedule.action), schedule.paused,
                        OrNull(OptionalTimestamptz(schedule.next_run_time)), ToTimestamptz(time),
                        schedule.revision, schedule.local_time);
}

}  // namespace

absl::Status PgScheduleStore::Create(const Schedule& schedule, const RequestRecord& request,
                                     absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "schedule.create", .deadline = deadline},
                          [&](pqxx::work& tx) {
                            PgRequestStore::Insert(request, tx);
                            Write(kInsert, schedule, schedule.create_time, tx);
                            return absl::OkStatus();
                          });
}

absl::StatusOr<Schedule> PgScheduleStore::Find(std::string_view id, absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "schedule.find", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<Schedule> {
                            const pqxx::result rows =
                                tx.exec_params(Select("WHERE s.schedule_id = $1"), std::string(id));
                            if (rows.empty()) return NotFound(ScheduleName(id));
                            return ReadSchedule(rows[0]);
                          });
}

absl::StatusOr<std::vector<Schedule>> PgScheduleStore::List(std::string_view after_id, int limit,
                                                            absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "schedule.list", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Schedule>> {
                            return ReadSchedules(tx.exec_params(
                                Select("WHERE s.schedule_id > $1 ORDER BY s.schedule_id LIMIT $2"),
                                std::string(after_id), limit));
                          });
}

absl::Status PgScheduleStore::Update(const Schedule& schedule, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule.update", .deadline = deadline}, [&](pqxx::work& tx) {
        const bool updated = Write(kUpdate, schedule, schedule.update_time, tx).affected_rows() > 0;
        return updated ? absl::OkStatus() : EtagMismatch(ScheduleName(schedule.id));
      });
}

absl::Status PgScheduleStore::Delete(std::string_view id, std::optional<std::int64_t> revision,
                                     absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "schedule.delete", .deadline = deadline},
                          [&](pqxx::work& tx) {
                            return DeleteResource("schedule", id, revision, ScheduleName(id), tx);
                          });
}

absl::StatusOr<std::vector<Schedule>> PgScheduleStore::ListDue(absl::Time now, int limit,
                                                               absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule.list_due", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Schedule>> {
        return ReadSchedules(tx.exec_params(
            Select(
                "WHERE NOT s.paused AND s.next_run_time <= $1 ORDER BY s.next_run_time LIMIT $2"),
            ToTimestamptz(now), limit));
      });
}

}  // namespace lmsmail::scheduler
