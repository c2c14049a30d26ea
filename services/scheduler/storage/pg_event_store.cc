#include "services/scheduler/storage/pg_event_store.h"

#include <map>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>

#include "libs/identity/owned_key.h"
#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/strings/encoding.h"

namespace lmsmail::scheduler {
namespace {

using postgres::ArrayLiteral;
using postgres::RunInTransaction;
using postgres::ToArrayLiteral;
using postgres::ToTimestamptz;

// Ordered by id, so that two calls with the same events cannot deadlock.
constexpr char kInsertEvents[] = R"(
INSERT INTO event (event_id, digest, body, create_time)
SELECT e.id, e.digest, e.body, $4
  FROM unnest($1::text[], $2::int8[], $3::bytea[]) AS e (id, digest, body) ORDER BY e.id
ON CONFLICT DO NOTHING RETURNING event_id)";
constexpr char kKnownDigests[] =
    "SELECT event_id, digest FROM event WHERE event_id = ANY ($1::text[])";
constexpr char kAddTasks[] = R"(
SELECT add_task(t.event, t.kind, t.automation, t.template, t.lane, t.audience, t.cancellable,
                t.student, t.course, t.mail_key, t.window_end, t.due, t.give_up, $14,
                t.traceparent)
  FROM unnest($1::text[], $2::int2[], $3::text[], $4::text[], $5::int2[], $6::int2[], $7::bool[],
              $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
              $13::timestamptz[], $15::text[])
       WITH ORDINALITY AS t (event, kind, automation, template, lane, audience, cancellable, student,
                             course, mail_key, window_end, due, give_up, traceparent,
                             position)
 ORDER BY t.position)";
constexpr char kFindTasks[] = R"(
SELECT t.kind, t.state, t.detail FROM task_event te JOIN task t USING (task_id)
 WHERE te.event_id = $1 ORDER BY te.position)";
constexpr char kDeleteEvents[] = R"(
DELETE FROM event WHERE event_id IN (
  SELECT e.event_id FROM event e
   WHERE e.create_time < $1
     AND NOT EXISTS (SELECT FROM task_event te JOIN task t USING (task_id)
                      WHERE te.event_id = e.event_id AND t.state = 1)
   ORDER BY e.create_time LIMIT $2))";
// What ended tasks tell may quote the values of their events.
constexpr char kDropContent[] = R"(
WITH dropped AS (
  UPDATE event SET body = NULL WHERE event_id IN (
    SELECT e.event_id FROM event e
     WHERE e.create_time < $1 AND e.body IS NOT NULL
       AND NOT EXISTS (SELECT FROM task_event te JOIN task t USING (task_id)
                        WHERE te.event_id = e.event_id AND t.state = 1)
     ORDER BY e.create_time LIMIT $2 FOR UPDATE OF e SKIP LOCKED)
  RETURNING event_id
), silenced AS (
  UPDATE task t SET detail = '' FROM dropped d JOIN task_event te USING (event_id)
   WHERE t.task_id = te.task_id AND t.state <> 1 AND t.detail <> ''
)
SELECT count(*) FROM dropped)";
constexpr char kDeleteTasks[] = R"(
DELETE FROM task t WHERE t.create_time < $1 AND t.state <> 1
   AND NOT EXISTS (SELECT FROM task_event te WHERE te.task_id = t.task_id))";

std::string BodyOf(const NewEvent& event) {
  return "\\x" + HexEncode(event.event.SerializeAsString());
}

// The array parameters of kAddTasks.
struct TaskColumns {
  ArrayLiteral event, kind, automation, template_name, lane, audience, cancellable, student, course,
      mail_key, window_end, due, give_up, traceparent;

  void Add(const std::string& event_id, const TaskPlan& plan) {
    event.AddText(event_id);
    kind.AddInt(static_cast<int>(plan.kind));
    automation.AddText(plan.automation_id);
    template_name.AddText(plan.template_name);
    lane.AddInt(static_cast<int>(plan.lane));
    audience.AddInt(static_cast<int>(plan.audience));
    cancellable.AddBool(plan.cancellable);
    student.AddText(plan.audience == Audience::kEnrolled ? "" : plan.student);
    course.AddText(plan.course_id);
    plan.mail_key.empty() ? mail_key.AddNull() : mail_key.AddText(plan.mail_key);
    plan.window_end ? window_end.AddTime(*plan.window_end) : window_end.AddNull();
    due.AddTime(plan.due_time);
    give_up.AddTime(plan.due_time + kGiveUpAfter);
    plan.traceparent.empty() ? traceparent.AddNull() : traceparent.AddText(plan.traceparent);
  }
};

std::map<std::string, AddResult> InsertEvents(const std::vector<NewEvent>& events, absl::Time now,
                                              pqxx::work& tx) {
  const auto id = [](const NewEvent& event) { return event.event.event_id(); };
  const pqxx::result inserted = tx.exec_params(kInsertEvents, ToArrayLiteral(events, id),
                                               ToArrayLiteral(events, &NewEvent::digest),
                                               ToArrayLiteral(events, BodyOf), ToTimestamptz(now));
  std::map<std::string, AddResult> results;
  for (const pqxx::row& row : inserted) results[postgres::Text(row[0])] = AddResult::kAdded;
  if (results.size() == events.size()) return results;

  std::map<std::string, std::int64_t> known;
  for (const pqxx::row& row : tx.exec_params(kKnownDigests, ToArrayLiteral(events, id))) {
    known[postgres::Text(row[0])] = row[1].as<std::int64_t>();
  }
  for (const NewEvent& event : events) {
    const bool same = known[id(event)] == event.digest;
    results.try_emplace(id(event), same ? AddResult::kDuplicate : AddResult::kConflict);
  }
  return results;
}

}  // namespace

absl::StatusOr<std::vector<AddResult>> PgEventStore::Add(const std::vector<NewEvent>& events,
                                                         absl::Time now, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.add", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<AddResult>> {
        const std::map<std::string, AddResult> by_id = InsertEvents(events, now, tx);
        TaskColumns tasks;
        std::vector<AddResult> added;
        for (const NewEvent& event : events) {
          added.push_back(by_id.at(event.event.event_id()));
          if (added.back() != AddResult::kAdded) continue;
          for (const TaskPlan& plan : event.tasks) tasks.Add(event.event.event_id(), plan);
        }
        tx.exec_params(kAddTasks, tasks.event.str(), tasks.kind.str(), tasks.automation.str(),
                       tasks.template_name.str(), tasks.lane.str(), tasks.audience.str(),
                       tasks.cancellable.str(), tasks.student.str(), tasks.course.str(),
                       tasks.mail_key.str(), tasks.window_end.str(), tasks.due.str(),
                       tasks.give_up.str(), ToTimestamptz(now), tasks.traceparent.str());
        return added;
      });
}

absl::StatusOr<StoredEvent> PgEventStore::Find(std::string_view event_id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.find", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<StoredEvent> {
        const pqxx::result rows = tx.exec_params(
            "SELECT body, create_time FROM event WHERE event_id = $1", std::string(event_id));
        if (rows.empty())
          return NotFound("event " + std::string(identity::SplitOwnedKey(event_id).key));
        StoredEvent found;
        found.content_dropped = rows[0][0].is_null();
        if (found.content_dropped) {
          found.event.set_event_id(std::string(event_id));
        } else {
          found.event.ParseFromString(pqxx::binarystring(rows[0][0]).str());
        }
        found.create_time = postgres::Time(rows[0][1]);
        for (const pqxx::row& row : tx.exec_params(kFindTasks, std::string(event_id))) {
          found.tasks.push_back({static_cast<TaskKind>(row[0].as<int>()),
                                 static_cast<TaskState>(row[1].as<int>()), postgres::Text(row[2])});
        }
        return found;
      });
}

absl::StatusOr<std::vector<std::string>> PgEventStore::PublishersOf(std::string_view key,
                                                                    absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.publishers", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<std::string>> {
        const identity::OwnersRange owners = identity::OwnersOf(key);
        std::vector<std::string> publishers;
        for (const pqxx::row& row :
             tx.exec_params("SELECT event_id FROM event WHERE event_id > $1 AND event_id < $2 "
                            "ORDER BY event_id LIMIT $3",
                            owners.after, owners.before, kMaxPublishers)) {
          const std::string event_id = postgres::Text(row[0]);
          publishers.emplace_back(identity::SplitOwnedKey(event_id).owner);
        }
        return publishers;
      });
}

absl::StatusOr<int> PgEventStore::DropContentBefore(absl::Time time, int limit,
                                                    absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.drop_content_before", .deadline = deadline},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return tx.exec_params1(kDropContent, ToTimestamptz(time), limit)[0].as<int>();
      });
}

absl::StatusOr<int> PgEventStore::DeleteBefore(absl::Time time, int limit, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.delete_before", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        const auto events =
            tx.exec_params(kDeleteEvents, ToTimestamptz(time), limit).affected_rows();
        tx.exec_params0(kDeleteTasks, ToTimestamptz(time));
        return static_cast<int>(events);
      });
}

}  // namespace lmsmail::scheduler
