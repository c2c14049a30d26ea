#include <fmt/format.h>

#include <pqxx/result>
#include <string>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/storage/pg_request_store.h"
#include "services/scheduler/storage/pg_schedule_rows.h"
#include "services/scheduler/storage/pg_schedule_store.h"

namespace lmsmail::scheduler {
namespace {

using postgres::OrNull;
using postgres::RunInTransaction;
using postgres::ToTimestamptz;

constexpr char kMove[] = R"(
UPDATE schedule SET next_run_time = $4, last_run_time = coalesce($5, last_run_time)
 WHERE schedule_id = $1 AND revision = $2 AND next_run_time IS NOT DISTINCT FROM $3 AND NOT paused)";
constexpr char kInsertRun[] = R"(
INSERT INTO schedule_run (schedule_id, run_id, nominal_time, due_time) VALUES ($1, $2, $3, $4)
ON CONFLICT DO NOTHING)";
constexpr char kClaim[] = R"(
UPDATE schedule_run r SET state = 2, attempts = r.attempts + 1, due_time = $2,
       start_time = coalesce(r.start_time, $1)
  FROM schedule s
 WHERE s.schedule_id = r.schedule_id AND (r.schedule_id, r.run_id) = (
         SELECT schedule_id, run_id FROM schedule_run
          WHERE state IN (1, 2) AND due_time <= $1 ORDER BY due_time LIMIT 1 FOR UPDATE SKIP LOCKED)
RETURNING )";
constexpr char kSettle[] = R"(
UPDATE schedule_run SET state = $4, detail = $5, end_time = $6, due_time = $7
 WHERE schedule_id = $1 AND run_id = $2 AND attempts = $3 AND state = 2)";

std::string Select(std::string_view rest) {
  return fmt::format("SELECT {} FROM schedule_run r {}", kRunColumns, rest);
}

}  // namespace

absl::StatusOr<bool> PgScheduleStore::Fire(const Schedule& seen,
                                           const std::vector<absl::Time>& nominal_times,
                                           std::optional<absl::Time> next_run_time, absl::Time now,
                                           absl::Time deadline) {
  std::optional<absl::Time> last;
  if (!nominal_times.empty()) last = nominal_times.back();
  return RunInTransaction(
      pool_, {.name = "schedule.fire", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        const pqxx::result moved = tx.exec_params(
            kMove, seen.id, seen.revision, OrNull(OptionalTimestamptz(seen.next_run_time)),
            OrNull(OptionalTimestamptz(next_run_time)), OrNull(OptionalTimestamptz(last)));
        if (moved.affected_rows() == 0) return false;
        for (const absl::Time nominal : nominal_times) {
          tx.exec_params0(kInsertRun, seen.id, RunId(nominal), ToTimestamptz(nominal),
                          ToTimestamptz(now));
        }
        return true;
      });
}

absl::Status PgScheduleStore::AddRun(const ScheduleRun& run, const RequestRecord& request,
                                     absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule_run.add", .deadline = deadline}, [&](pqxx::work& tx) {
        PgRequestStore::Insert(request, tx);
        tx.exec_params0(kInsertRun, run.schedule_id, run.id, ToTimestamptz(run.nominal_time),
                        ToTimestamptz(run.nominal_time));
        return absl::OkStatus();
      });
}

absl::StatusOr<ScheduleRun> PgScheduleStore::FindRun(std::string_view schedule_id,
                                                     std::string_view run_id, absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "schedule_run.find", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<ScheduleRun> {
                            const pqxx::result rows =
                                tx.exec_params(Select("WHERE r.schedule_id = $1 AND r.run_id = $2"),
                                               std::string(schedule_id), std::string(run_id));
                            if (rows.empty()) return NotFound(RunName(schedule_id, run_id));
                            return ReadRun(rows[0]);
                          });
}

absl::StatusOr<std::vector<ScheduleRun>> PgScheduleStore::ListRuns(std::string_view schedule_id,
                                                                   std::string_view before_run,
                                                                   int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule_run.list", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<ScheduleRun>> {
        const pqxx::result rows =
            tx.exec_params(Select("WHERE r.schedule_id = $1 AND ($2 = '' OR r.run_id < $2) "
                                  "ORDER BY r.run_id DESC LIMIT $3"),
                           std::string(schedule_id), std::string(before_run), limit);
        std::vector<ScheduleRun> runs;
        for (const pqxx::row& row : rows) runs.push_back(ReadRun(row));
        return runs;
      });
}

absl::StatusOr<std::optional<ClaimedRun>> PgScheduleStore::ClaimRun(absl::Time now,
                                                                    absl::Time lease_end,
                                                                    absl::Time deadline) {
  const std::string sql = fmt::format("{}{}, {}", kClaim, kRunColumns, kScheduleColumns);
  return RunInTransaction(pool_, {.name = "schedule_run.claim", .deadline = deadline},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::optional<ClaimedRun>> {
                            const pqxx::result rows =
                                tx.exec_params(sql, ToTimestamptz(now), ToTimestamptz(lease_end));
                            if (rows.empty()) return std::nullopt;
                            return ClaimedRun{ReadSchedule(rows[0]), ReadRun(rows[0])};
                          });
}

absl::Status PgScheduleStore::SettleRun(const ScheduleRun& run, absl::Time due_time,
                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule_run.settle", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) {
        tx.exec_params0(kSettle, run.schedule_id, run.id, run.attempts, static_cast<int>(run.state),
                        run.detail, OrNull(OptionalTimestamptz(run.end_time)),
                        ToTimestamptz(due_time));
        return absl::OkStatus();
      });
}

absl::StatusOr<std::optional<absl::Time>> PgScheduleStore::OldestDueRun(absl::Time now,
                                                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule_run.oldest_due", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::optional<absl::Time>> {
        return postgres::OptionalTime(
            tx.exec_params1("SELECT min(due_time) FROM schedule_run "
                            "WHERE state IN (1, 2) AND due_time <= $1",
                            ToTimestamptz(now))[0]);
      });
}

absl::StatusOr<int> PgScheduleStore::DeleteRunsBefore(absl::Time time, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "schedule_run.delete_before", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return static_cast<int>(
            tx.exec_params("DELETE FROM schedule_run WHERE end_time < $1", ToTimestamptz(time))
                .affected_rows());
      });
}

}  // namespace lmsmail::scheduler
