#include "services/scheduler/storage/pg_event_store.h"

#include <map>
#include <pqxx/binarystring>
#include <pqxx/result>
#include <string>
#include <utility>

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

// Ordered by id, so that two calls with the same events cannot deadlock. The clock is that of the
// database, which all replicas share.
constexpr char kInsertEvents[] = R"(
INSERT INTO event (event_id, digest, body, create_time, event_time, arrival_time, type, publisher,
                   student, course_id, no_mail)
SELECT e.id, e.digest, e.body, $4, e.event_time,
       statement_timestamp() + e.position * interval '1 microsecond', e.type,
       split_part(e.id, E'\x1f', 2), e.student, e.course_id, e.no_mail
  FROM unnest($1::text[], $2::int8[], $3::bytea[], $5::timestamptz[], $6::int2[], $7::text[],
              $8::text[], $9::int2[]) WITH ORDINALITY
       AS e (id, digest, body, event_time, type, student, course_id, no_mail, position)
 ORDER BY e.id
ON CONFLICT DO NOTHING RETURNING event_id)";
constexpr char kKnownDigests[] =
    "SELECT event_id, digest FROM event WHERE event_id = ANY ($1::text[])";
// In the order of what is locked: windows, then keys of mail. Calls with the same ones in different
// orders would deadlock.
constexpr char kAddTasks[] = R"(
SELECT add_task(t.event, t.kind, t.automation, t.template, t.lane, t.audience, t.cancellable,
                t.student, t.course, t.mail_key, t.window_end, t.due, t.give_up, $14,
                t.traceparent, t.content, t.unless, t.payment)
  FROM unnest($1::text[], $2::int2[], $3::text[], $4::text[], $5::int2[], $6::int2[], $7::bool[],
              $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[],
              $13::timestamptz[], $15::text[], $16::int8[], $17::int4[], $18::text[])
       WITH ORDINALITY AS t (event, kind, automation, template, lane, audience, cancellable, student,
                             course, mail_key, window_end, due, give_up, traceparent, content,
                             unless, payment, position)
 ORDER BY t.window_end IS NULL,
          CASE WHEN t.window_end IS NOT NULL THEN t.automation || '/' || t.course END COLLATE "C",
          t.mail_key COLLATE "C", t.position)";
constexpr char kFindTasks[] = R"(
SELECT te.event_id, t.kind, t.state, t.detail, t.waits_for
  FROM task_event te JOIN task t USING (task_id)
 WHERE te.event_id = ANY ($1::text[]) ORDER BY te.event_id, t.kind, t.task_id)";
// $8: the state, as the order of StoredEvent::state() has it. The first condition on it finds the
// few events that have an open task by the index of those.
constexpr char kListEvents[] = R"(
SELECT e.body, e.create_time, e.arrival_time, e.no_mail, e.event_id
  FROM event e
 CROSS JOIN LATERAL (
       SELECT coalesce(max(CASE WHEN t.state = 3 THEN 4
                                WHEN t.state = 1 AND t.waits_for <> '{}' THEN 3
                                WHEN t.state = 1 THEN 2 END), 1) AS rank
         FROM task_event te JOIN task t USING (task_id) WHERE te.event_id = e.event_id) s
 WHERE ($1::int2 = 0 OR e.type = $1) AND ($2::text = '' OR e.student = $2)
   AND ($3::text = '' OR e.course_id = $3) AND ($4::text = '' OR e.publisher = $4)
   AND e.event_time >= $5 AND e.event_time < $6
   AND (e.arrival_time, e.event_id) < ($7::timestamptz, $9::text)
   AND ($8::int4 < 2 OR e.event_id IN (SELECT te.event_id FROM task t JOIN task_event te USING (task_id)
                                        WHERE t.state <> 2))
   AND ($8::int4 = 0 OR s.rank = $8)
 ORDER BY e.arrival_time DESC, e.event_id DESC LIMIT $10)";
constexpr char kRetry[] = R"(
UPDATE task t SET state = 1, due_time = $2, give_up_time = $3
  FROM task_event te
 WHERE te.event_id = $1 AND te.task_id = t.task_id AND NOT t.claimed
   AND (t.kind <> 2 OR t.mail_key IS NOT NULL)
   AND (t.state = 3 OR (t.state = 1 AND t.waits_for <> '{}')))";
constexpr char kCount[] = R"(
SELECT type, CASE rank WHEN 3 THEN 3 WHEN 2 THEN 4 ELSE 1 END, count(*)
  FROM (SELECT e.event_id, e.type,
               max(CASE WHEN t.state = 3 THEN 3 WHEN t.waits_for <> '{}' THEN 2 ELSE 1 END) AS rank
          FROM task t JOIN task_event te USING (task_id) JOIN event e USING (event_id)
         WHERE t.state <> 2 GROUP BY 1, 2) o
 GROUP BY 1, 2)";
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
  UPDATE event SET body = NULL, student = '', course_id = '' WHERE event_id IN (
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
      mail_key, window_end, due, give_up, traceparent, content, unless, payment;

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
    give_up.AddTime(plan.give_up_time);
    content.AddInt(plan.content);
    unless.AddInt(plan.unless.bits());
    payment.AddText(plan.payment_id);
    plan.traceparent.empty() ? traceparent.AddNull() : traceparent.AddText(plan.traceparent);
  }
};

// Of those among `events` that are stored.
std::map<std::string, AddResult> KnownEvents(const std::vector<NewEvent>& events, pqxx::work& tx) {
  const auto id = [](const NewEvent& event) { return event.event.event_id(); };
  std::map<std::string, std::int64_t> digests;
  for (const NewEvent& event : events) digests[id(event)] = event.digest;
  std::map<std::string, AddResult> known;
  for (const pqxx::row& row : tx.exec_params(kKnownDigests, ToArrayLiteral(events, id))) {
    const std::string event_id = postgres::Text(row[0]);
    const bool same = digests[event_id] == row[1].as<std::int64_t>();
    known[event_id] = same ? AddResult::kDuplicate : AddResult::kConflict;
  }
  return known;
}

std::map<std::string, AddResult> InsertEvents(const std::vector<NewEvent>& events, absl::Time now,
                                              pqxx::work& tx) {
  const auto id = [](const NewEvent& event) { return event.event.event_id(); };
  const auto each = [&](auto value) {
    return ToArrayLiteral(events, [&](const NewEvent& event) { return value(event.event); });
  };
  const pqxx::result inserted = tx.exec_params(
      kInsertEvents, ToArrayLiteral(events, id), ToArrayLiteral(events, &NewEvent::digest),
      ToArrayLiteral(events, BodyOf), ToTimestamptz(now),
      each([](const v1::Event& event) { return TimeOf(event); }),
      each([](const v1::Event& event) { return static_cast<int>(TypeOf(event)); }), each(StudentOf),
      each([](const v1::Event& event) { return CourseOf(event).course_id(); }),
      ToArrayLiteral(events,
                     [](const NewEvent& event) { return static_cast<int>(event.no_mail); }));
  std::map<std::string, AddResult> results;
  for (const pqxx::row& row : inserted) results[postgres::Text(row[0])] = AddResult::kAdded;
  if (results.size() == events.size()) return results;

  for (const auto& [known, result] : KnownEvents(events, tx)) results.try_emplace(known, result);
  return results;
}

StoredEvent ReadEvent(const pqxx::row& row) {
  StoredEvent stored;
  stored.content_dropped = row[0].is_null();
  if (stored.content_dropped) {
    stored.event.set_event_id(postgres::Text(row[4]));
  } else {
    stored.event.ParseFromString(pqxx::binarystring(row[0]).str());
  }
  stored.create_time = postgres::Time(row[1]);
  stored.arrival_time = postgres::Time(row[2]);
  stored.no_mail = static_cast<NoMail>(row[3].as<int>());
  return stored;
}

void ReadTasks(std::vector<StoredEvent>& events, pqxx::work& tx) {
  std::map<std::string, StoredEvent*> by_id;
  for (StoredEvent& event : events) by_id[event.event.event_id()] = &event;
  const std::string ids = ToArrayLiteral(by_id, [](const auto& item) { return item.first; });
  for (const pqxx::row& row : tx.exec_params(kFindTasks, ids)) {
    StoredEvent::TaskOutcome task{static_cast<TaskKind>(row[1].as<int>()),
                                  static_cast<TaskState>(row[2].as<int>()), postgres::Text(row[3]),
                                  postgres::TextArray(row[4])};
    if (task.state == TaskState::kPending && !task.waits_for.empty()) {
      task.state = TaskState::kWaiting;
    } else {
      task.waits_for.clear();
    }
    by_id.at(postgres::Text(row[0]))->tasks.push_back(std::move(task));
  }
}

// The place of a state in the order of StoredEvent::state(); 0 for none.
int RankOf(std::optional<TaskState> state) {
  if (!state) return 0;
  switch (*state) {
    case TaskState::kDone:
      return 1;
    case TaskState::kPending:
      return 2;
    case TaskState::kWaiting:
      return 3;
    case TaskState::kFailed:
      return 4;
  }
  return 0;
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
                       tasks.give_up.str(), ToTimestamptz(now), tasks.traceparent.str(),
                       tasks.content.str(), tasks.unless.str(), tasks.payment.str());
        return added;
      });
}

absl::StatusOr<std::vector<AddResult>> PgEventStore::Check(const std::vector<NewEvent>& events,
                                                           absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.check", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<AddResult>> {
        const std::map<std::string, AddResult> known = KnownEvents(events, tx);
        std::vector<AddResult> results;
        for (const NewEvent& event : events) {
          const auto found = known.find(event.event.event_id());
          results.push_back(found == known.end() ? AddResult::kAdded : found->second);
        }
        return results;
      });
}

absl::StatusOr<StoredEvent> PgEventStore::Find(std::string_view event_id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.find", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<StoredEvent> {
        const pqxx::result rows = tx.exec_params(
            "SELECT body, create_time, arrival_time, no_mail, event_id FROM event "
            "WHERE event_id = $1",
            std::string(event_id));
        if (rows.empty())
          return NotFound("event " + std::string(identity::SplitOwnedKey(event_id).key));
        std::vector<StoredEvent> found = {ReadEvent(rows[0])};
        ReadTasks(found, tx);
        return std::move(found.front());
      });
}

absl::StatusOr<std::vector<StoredEvent>> PgEventStore::List(const EventQuery& query,
                                                            absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.list", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<StoredEvent>> {
        const auto& [before, before_id] =
            query.before.value_or(std::pair(absl::InfiniteFuture(), std::string()));
        std::vector<StoredEvent> events;
        for (const pqxx::row& row : tx.exec_params(
                 kListEvents, static_cast<int>(query.type), query.student, query.course_id,
                 query.publisher, ToTimestamptz(query.start_time), ToTimestamptz(query.end_time),
                 ToTimestamptz(before), RankOf(query.state), before_id, query.limit)) {
          events.push_back(ReadEvent(row));
        }
        ReadTasks(events, tx);
        return events;
      });
}

absl::StatusOr<int> PgEventStore::Retry(std::string_view event_id, absl::Time now,
                                        absl::Time give_up_time, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.retry", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<int> {
        return static_cast<int>(tx.exec_params(kRetry, std::string(event_id), ToTimestamptz(now),
                                               ToTimestamptz(give_up_time))
                                    .affected_rows());
      });
}

absl::StatusOr<std::vector<EventCount>> PgEventStore::Count(absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "event.count", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<EventCount>> {
        std::vector<EventCount> counts;
        for (const pqxx::row& row : tx.exec_params(kCount)) {
          counts.push_back({static_cast<EventType>(row[0].as<int>()),
                            static_cast<TaskState>(row[1].as<int>()), row[2].as<std::int64_t>()});
        }
        return counts;
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
