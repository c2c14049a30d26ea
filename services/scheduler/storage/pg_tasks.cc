#include <fmt/format.h>

#include <algorithm>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>
#include <utility>

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
          t.traceparent, t.unless, t.content, t.payment_id, t.waits_for)";
constexpr char kEventsOf[] = R"(
SELECT te.task_id, e.body, e.arrival_time FROM task_event te JOIN event e USING (event_id)
 WHERE te.task_id = ANY ($1::int8[]) AND e.body IS NOT NULL ORDER BY e.event_time, e.arrival_time)";
constexpr char kExtend[] =
    "UPDATE task SET due_time = $3 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND claimed";
// A task that ended keeps the end of its lease as due_time, as an approximate end time.
constexpr char kSettle[] = R"(
UPDATE task SET state = $3::int2, detail = $4, claimed = false, waits_for = $6::text[],
       due_time = CASE WHEN $3::int2 = 1 THEN $5 ELSE due_time END
 WHERE task_id = $1 AND attempts = $2 AND state = 1 AND claimed)";

// $1: the student, $2: the course or the payment, $3 and $4: when the event happened and arrived,
// before which mail is cancelled. {} is one of the conditions that follow.
constexpr char kCancelPending[] = R"(
UPDATE task SET state = 2, claimed = false, cancelled = true, waits_for = '{{}}', detail = $6
 WHERE kind = 2 AND student = $1 AND state = 1 AND NOT (claimed AND due_time > $5) AND {}
RETURNING mail_key, attempts)";
// The mail that was, or is being, sent to dispatch. $1: the student, or '' for mail to everyone in
// the course.
constexpr char kSubmitted[] = R"(
SELECT mail_key, state = 1 AS claimed FROM task
 WHERE kind = 2 AND student = $1 AND attempts > 0 AND NOT cancelled AND mail_key IS NOT NULL
   AND ((state = 2 AND due_time > $6) OR (state = 1 AND claimed AND due_time > $5)) AND {})";
constexpr char kOfCourse[] = R"(course_id = $2 AND cancellable AND NOT EXISTS (
    SELECT FROM task_event te JOIN event e USING (event_id)
     WHERE te.task_id = task.task_id AND (e.event_time, e.arrival_time) > ($3, $4)))";
constexpr char kOfPayment[] = "payment_id = $2 AND ($3::timestamptz, $4::timestamptz) IS NOT NULL";
constexpr char kAny[] = "$2 = '' AND ($3::timestamptz, $4::timestamptz) IS NOT NULL";

constexpr char kAwaitedFacts[] = R"(
SELECT DISTINCT fact COLLATE "C" AS fact
  FROM task CROSS JOIN LATERAL unnest(waits_for) AS fact
 WHERE state = 1 AND waits_for <> '{}' AND NOT claimed AND fact COLLATE "C" > $1
 ORDER BY 1 LIMIT $2)";
constexpr char kWake[] = R"(
UPDATE task SET due_time = $2
 WHERE task_id IN (SELECT task_id FROM task
                    WHERE state = 1 AND waits_for <> '{}' AND NOT claimed AND due_time > $2
                      AND waits_for && $1::text[]
                    ORDER BY task_id FOR UPDATE))";
constexpr char kUnrecorded[] = R"(
SELECT EXISTS (SELECT FROM task WHERE kind = 1 AND state = 1 AND course_id = $2
                                  AND student IN ('', $1)))";
constexpr char kPayment[] = R"(
SELECT coalesce(bool_or(kind = 3), false), coalesce(bool_or(kind = 3 AND state = 1), false),
       coalesce(bool_or(kind = 2 AND state = 1 AND claimed), false),
       coalesce(bool_or(kind = 2 AND state = 2 AND NOT cancelled), false),
       coalesce(bool_or(kind = 2 AND cancelled), false)
  FROM task WHERE payment_id = $1 AND student = $2 AND payment_id <> '')";

Task ReadTask(const pqxx::row& row) {
  return {.id = row["task_id"].as<std::int64_t>(),
          .plan = {.kind = static_cast<TaskKind>(row["kind"].as<int>()),
                   .automation_id = Text(row["automation_id"]),
                   .template_name = Text(row["template_name"]),
                   .lane = static_cast<lmsmail::type::v1::Lane>(row["lane"].as<int>()),
                   .audience = static_cast<Audience>(row["audience"].as<int>()),
                   .unless = Conditions(row["unless"].as<int>()),
                   .cancellable = row["cancellable"].as<bool>(),
                   .student = Text(row["student"]),
                   .course_id = Text(row["course_id"]),
                   .mail_key = Text(row["mail_key"]),
                   .content = row["content"].as<std::int64_t>(),
                   .payment_id = Text(row["payment_id"]),
                   .due_time = postgres::Time(row["create_time"]),
                   .give_up_time = postgres::Time(row["give_up_time"]),
                   .traceparent = Text(row["traceparent"])},
          .attempts = row["attempts"].as<int>(),
          .waits_for = postgres::TextArray(row["waits_for"])};
}

// The condition of the mail in a scope, and its $2.
std::pair<const char*, std::string> ConditionOf(const CancelScope& scope) {
  if (scope.all) return {kAny, ""};
  if (!scope.payment_id.empty()) return {kOfPayment, scope.payment_id};
  return {kOfCourse, scope.course_id};
}

void AddSubmitted(const CancelScope& scope, bool copies, absl::Time now, absl::Time since,
                  pqxx::work& tx, CancelledMail& mail) {
  const auto [condition, subject] = ConditionOf(scope);
  const pqxx::result rows =
      tx.exec_params(fmt::format(kSubmitted, condition), copies ? "" : scope.student, subject,
                     ToTimestamptz(scope.event_time), ToTimestamptz(scope.arrival_time),
                     ToTimestamptz(now), ToTimestamptz(since));
  for (const pqxx::row& row : rows) {
    const std::string key = Text(row["mail_key"]);
    if (row["claimed"].as<bool>()) ++mail.in_progress;
    mail.keys.push_back(copies ? StudentKey(key, scope.student) : key);
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
          AcceptedEvent& event = task.events.emplace_back();
          event.event.ParseFromString(pqxx::binarystring(row[1]).str());
          event.arrival_time = postgres::Time(row[2]);
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
  const TaskState state = result.state == TaskState::kWaiting ? TaskState::kPending : result.state;
  return RunInTransaction(pool_, {.name = "task.settle", .deadline = deadline, .repeatable = true},
                          [&](pqxx::work& tx) {
                            tx.exec_params0(kSettle, task.id, task.attempts,
                                            static_cast<int>(state), result.detail,
                                            ToTimestamptz(result.retry_time),
                                            postgres::ToArrayLiteral(result.waits_for));
                            return absl::OkStatus();
                          });
}

absl::StatusOr<std::vector<std::string>> PgEventStore::AwaitedFacts(std::string_view after,
                                                                    int limit,
                                                                    absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.awaited_facts", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<std::string>> {
        std::vector<std::string> facts;
        for (const pqxx::row& row : tx.exec_params(kAwaitedFacts, std::string(after), limit)) {
          facts.push_back(Text(row[0]));
        }
        return facts;
      });
}

absl::StatusOr<int> PgEventStore::Wake(const std::vector<std::string>& facts, absl::Time now,
                                       absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.wake", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return static_cast<int>(
            tx.exec_params(kWake, postgres::ToArrayLiteral(facts), ToTimestamptz(now))
                .affected_rows());
      });
}

absl::StatusOr<bool> PgEventStore::HasUnrecordedFacts(std::string_view student,
                                                      std::string_view course_id,
                                                      absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.has_unrecorded_facts", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<bool> {
        return tx.exec_params1(kUnrecorded, std::string(student), std::string(course_id))[0]
            .as<bool>();
      });
}

absl::StatusOr<PaymentState> PgEventStore::FindPayment(std::string_view payment_id,
                                                       std::string_view student,
                                                       absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.find_payment", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<PaymentState> {
        const pqxx::row row =
            tx.exec_params1(kPayment, std::string(payment_id), std::string(student));
        return PaymentState{.refunded = row[0].as<bool>(),
                            .refund_pending = row[1].as<bool>(),
                            .receipt_pending = row[2].as<bool>(),
                            .receipt_sent = row[3].as<bool>(),
                            .receipt_cancelled = row[4].as<bool>()};
      });
}

absl::StatusOr<CancelledMail> PgEventStore::CancelMail(const CancelScope& scope, absl::Time now,
                                                       absl::Time since, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.cancel_mail", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<CancelledMail> {
        CancelledMail mail;
        AddSubmitted(scope, /*copies=*/false, now, since, tx, mail);
        if (scope.copies) AddSubmitted(scope, /*copies=*/true, now, since, tx, mail);
        const auto [condition, subject] = ConditionOf(scope);
        const pqxx::result cancelled =
            tx.exec_params(fmt::format(kCancelPending, condition), scope.student, subject,
                           ToTimestamptz(scope.event_time), ToTimestamptz(scope.arrival_time),
                           ToTimestamptz(now), scope.reason);
        for (const pqxx::row& row : cancelled) {
          ++mail.cancelled;
          // An earlier attempt may have sent the mail.
          if (row["attempts"].as<int>() > 0) mail.keys.push_back(Text(row["mail_key"]));
        }
        return mail;
      });
}

absl::Status PgEventStore::MarkCancelled(std::string_view mail_key, std::string_view reason,
                                         absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "task.mark_cancelled", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) {
        tx.exec_params0(
            "UPDATE task SET cancelled = true, detail = $2 WHERE mail_key = $1 AND state = 2",
            std::string(mail_key), std::string(reason));
        return absl::OkStatus();
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
