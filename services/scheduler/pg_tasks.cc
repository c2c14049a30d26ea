#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "services/scheduler/mail_key.h"
#include "services/scheduler/pg_event_store.h"

namespace lmsmail::scheduler {
namespace {

using postgres::RunInTransaction;
using postgres::Text;
using postgres::ToTimestamptz;

constexpr char kClaim[] = R"(
WITH due AS (
  SELECT task_id FROM task WHERE state = 1 AND due_at <= $1
   ORDER BY due_at LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE task t SET working = true, attempts = t.attempts + 1, due_at = $2
  FROM due WHERE t.task_id = due.task_id
RETURNING t.task_id, t.kind, t.automation_id, t.template_name, t.lane, t.audience, t.revocable,
          t.student, t.course_id, t.mail_key, t.attempts, t.give_up_at, t.created_at)";
constexpr char kEventsOf[] = R"(
SELECT te.task_id, e.body FROM task_event te JOIN event e USING (event_id)
 WHERE te.task_id = ANY ($1::int8[]) ORDER BY te.position)";
constexpr char kExtend[] =
    "UPDATE task SET due_at = $3 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND working";
// The end of the lease stays as the time at which a task ended, near enough.
constexpr char kSettle[] = R"(
UPDATE task SET state = $3::int2, detail = $4, working = false,
       due_at = CASE WHEN $3::int2 = 1 THEN $5 ELSE due_at END
 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND working)";

constexpr char kDropWaiting[] = R"(
UPDATE task SET state = 2, working = false, detail = 'cancelled: the student left the course'
 WHERE kind = 2 AND course_id = $1 AND student = $2 AND revocable AND state = 1 AND task_id < $3
   AND NOT (working AND due_at > $4)
RETURNING mail_key, attempts)";
// $2: the student, or '' for mail to everyone in the course.
constexpr char kHandedOver[] = R"(
SELECT mail_key, state = 1 AS working FROM task
 WHERE kind = 2 AND course_id = $1 AND student = $2 AND revocable AND task_id < $3 AND attempts > 0
   AND ((state = 2 AND due_at > $4) OR (state = 1 AND working AND due_at > $5)))";

Task ReadTask(const pqxx::row& row) {
  return {.id = row["task_id"].as<std::int64_t>(),
          .plan = {.kind = static_cast<TaskKind>(row["kind"].as<int>()),
                   .automation_id = Text(row["automation_id"]),
                   .template_name = Text(row["template_name"]),
                   .lane = static_cast<lmsmail::type::v1::Lane>(row["lane"].as<int>()),
                   .audience = static_cast<Audience>(row["audience"].as<int>()),
                   .revocable = row["revocable"].as<bool>(),
                   .student = Text(row["student"]),
                   .course_id = Text(row["course_id"]),
                   .mail_key = Text(row["mail_key"]),
                   .due_time = postgres::Time(row["created_at"])},
          .attempts = row["attempts"].as<int>(),
          .give_up_time = postgres::Time(row["give_up_at"]),
          .events = {}};
}

void AddHandedOver(const Task& task, const std::string& student, absl::Time now, absl::Time since,
                   pqxx::work& tx, RevokedMail& revoked) {
  const pqxx::result rows = tx.exec_params(kHandedOver, task.plan.course_id, student, task.id,
                                           ToTimestamptz(since), ToTimestamptz(now));
  for (const pqxx::row& row : rows) {
    const std::string key = Text(row["mail_key"]);
    if (row["working"].as<bool>()) ++revoked.working;
    revoked.keys.push_back(student.empty() ? StudentKey(key, task.plan.student) : key);
  }
}

}  // namespace

absl::StatusOr<std::vector<Task>> PgEventStore::Claim(absl::Time now, absl::Time lease_end,
                                                      int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.claim", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Task>> {
        std::vector<Task> tasks;
        for (const pqxx::row& row :
             tx.exec_params(kClaim, ToTimestamptz(now), ToTimestamptz(lease_end), limit)) {
          tasks.push_back(ReadTask(row));
        }
        std::ranges::sort(tasks, {}, &Task::id);
        if (tasks.empty()) return tasks;
        for (const pqxx::row& row :
             tx.exec_params(kEventsOf, postgres::ToArrayLiteral(tasks, &Task::id))) {
          Task& task = *std::ranges::lower_bound(tasks, row[0].as<std::int64_t>(), {}, &Task::id);
          task.events.emplace_back().ParseFromString(pqxx::binarystring(row[1]).str());
        }
        return tasks;
      });
}

absl::StatusOr<bool> PgEventStore::Extend(const Task& task, absl::Time lease_end,
                                          absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "task.extend", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<bool> {
                            return tx.exec_params(kExtend, task.id, task.attempts,
                                                  ToTimestamptz(lease_end))
                                       .affected_rows() > 0;
                          });
}

absl::Status PgEventStore::Settle(const Task& task, const TaskResult& result, absl::Time deadline) {
  return RunInTransaction(pool_, {.name = "task.settle", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) {
                            tx.exec_params0(kSettle, task.id, task.attempts,
                                            static_cast<int>(result.state), result.detail,
                                            ToTimestamptz(result.retry_time));
                            return absl::OkStatus();
                          });
}

absl::StatusOr<RevokedMail> PgEventStore::RevokeMail(const Task& task, absl::Time now,
                                                     absl::Time since, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.revoke_mail", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<RevokedMail> {
        RevokedMail revoked;
        AddHandedOver(task, task.plan.student, now, since, tx, revoked);
        AddHandedOver(task, "", now, since, tx, revoked);
        const pqxx::result dropped = tx.exec_params(kDropWaiting, task.plan.course_id,
                                                    task.plan.student, task.id, ToTimestamptz(now));
        for (const pqxx::row& row : dropped) {
          ++revoked.dropped;
          // An attempt whose end is not known may have handed it over.
          if (row["attempts"].as<int>() > 0) revoked.keys.push_back(Text(row["mail_key"]));
        }
        return revoked;
      });
}

absl::StatusOr<std::optional<absl::Time>> PgEventStore::OldestDue(absl::Time now,
                                                                  absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "task.oldest_due", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::optional<absl::Time>> {
                            return postgres::OptionalTime(tx.exec_params1(
                                "SELECT min(due_at) FROM task WHERE state = 1 AND due_at <= $1",
                                ToTimestamptz(now))[0]);
                          });
}

}  // namespace lmsmail::scheduler
