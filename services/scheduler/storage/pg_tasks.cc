#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/storage/pg_event_store.h"

namespace lmsmail::scheduler {
namespace {

using postgres::RunInTransaction;
using postgres::Text;
using postgres::ToTimestamptz;

constexpr char kClaim[] = R"(
WITH due AS (
  SELECT task_id FROM task WHERE state = 1 AND due_time <= $1
   ORDER BY due_time LIMIT $3 FOR UPDATE SKIP LOCKED)
UPDATE task t SET claimed = true, attempts = t.attempts + 1, due_time = $2
  FROM due WHERE t.task_id = due.task_id
RETURNING t.task_id, t.kind, t.automation_id, t.template_name, t.lane, t.audience, t.cancellable,
          t.student, t.course_id, t.mail_key, t.attempts, t.give_up_time, t.create_time,
          t.traceparent)";
constexpr char kEventsOf[] = R"(
SELECT te.task_id, e.body FROM task_event te JOIN event e USING (event_id)
 WHERE te.task_id = ANY ($1::int8[]) AND e.body IS NOT NULL ORDER BY te.position)";
constexpr char kExtend[] =
    "UPDATE task SET due_time = $3 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND claimed";
// A task that ended keeps the end of its lease as due_time, as an approximate end time.
constexpr char kSettle[] = R"(
UPDATE task SET state = $3::int2, detail = $4, claimed = false,
       due_time = CASE WHEN $3::int2 = 1 THEN $5 ELSE due_time END
 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND claimed)";

constexpr char kCancelPending[] = R"(
UPDATE task SET state = 2, claimed = false, detail = 'cancelled: the student left the course'
 WHERE kind = 2 AND course_id = $1 AND student = $2 AND cancellable AND state = 1 AND task_id < $3
   AND NOT (claimed AND due_time > $4)
RETURNING mail_key, attempts)";
// The mail that was, or is being, sent to dispatch. $2: the student, or '' for mail to everyone in
// the course.
constexpr char kSubmitted[] = R"(
SELECT mail_key, state = 1 AS claimed FROM task
 WHERE kind = 2 AND course_id = $1 AND student = $2 AND cancellable AND task_id < $3 AND attempts > 0
   AND ((state = 2 AND due_time > $4) OR (state = 1 AND claimed AND due_time > $5)))";

Task ReadTask(const pqxx::row& row) {
  return {.id = row["task_id"].as<std::int64_t>(),
          .plan = {.kind = static_cast<TaskKind>(row["kind"].as<int>()),
                   .automation_id = Text(row["automation_id"]),
                   .template_name = Text(row["template_name"]),
                   .lane = static_cast<lmsmail::type::v1::Lane>(row["lane"].as<int>()),
                   .audience = static_cast<Audience>(row["audience"].as<int>()),
                   .cancellable = row["cancellable"].as<bool>(),
                   .student = Text(row["student"]),
                   .course_id = Text(row["course_id"]),
                   .mail_key = Text(row["mail_key"]),
                   .due_time = postgres::Time(row["create_time"]),
                   .traceparent = Text(row["traceparent"])},
          .attempts = row["attempts"].as<int>(),
          .give_up_time = postgres::Time(row["give_up_time"]),
          .events = {}};
}

void AddSubmitted(const Task& task, const std::string& student, absl::Time now, absl::Time since,
                  pqxx::work& tx, CancelledMail& mail) {
  const pqxx::result rows = tx.exec_params(kSubmitted, task.plan.course_id, student, task.id,
                                           ToTimestamptz(since), ToTimestamptz(now));
  for (const pqxx::row& row : rows) {
    const std::string key = Text(row["mail_key"]);
    if (row["claimed"].as<bool>()) ++mail.in_progress;
    mail.keys.push_back(student.empty() ? StudentKey(key, task.plan.student) : key);
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

absl::StatusOr<CancelledMail> PgEventStore::CancelMail(const Task& task, absl::Time now,
                                                       absl::Time since, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.cancel_mail", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<CancelledMail> {
        CancelledMail mail;
        AddSubmitted(task, task.plan.student, now, since, tx, mail);
        AddSubmitted(task, "", now, since, tx, mail);
        const pqxx::result cancelled = tx.exec_params(
            kCancelPending, task.plan.course_id, task.plan.student, task.id, ToTimestamptz(now));
        for (const pqxx::row& row : cancelled) {
          ++mail.cancelled;
          // An earlier attempt may have sent the mail.
          if (row["attempts"].as<int>() > 0) mail.keys.push_back(Text(row["mail_key"]));
        }
        return mail;
      });
}

absl::StatusOr<std::optional<absl::Time>> PgEventStore::OldestDue(absl::Time now,
                                                                  absl::Time deadline) {
  return RunInTransaction(pool_,
                          {.name = "task.oldest_due", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) -> absl::StatusOr<std::optional<absl::Time>> {
                            return postgres::OptionalTime(tx.exec_params1(
                                "SELECT min(due_time) FROM task WHERE state = 1 AND due_time <= $1",
                                ToTimestamptz(now))[0]);
                          });
}

}  // namespace lmsmail::scheduler
