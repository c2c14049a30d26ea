#include "services/report/storage/pg_activity_store.h"

#include <cstdint>
#include <map>
#include <optional>
#include <pqxx/pqxx>
#include <set>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"

namespace lmsmail::report {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;

// Rows are written in key order, so that overlapping batches do not deadlock.
constexpr char kRecord[] = R"(
  WITH new_activity AS (
    SELECT activity_id, student_id, course_id, activity_time, kind, item_id, item_title, watched_ms,
           passed, start_time, digest, nth,
           coalesce(arrival_time, statement_timestamp() + nth * interval '1 microsecond')
             AS arrival_time
      FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int2[],
                  $6::text[], $7::text[], $8::int8[], $9::bool[], $10::timestamptz[], $11::int8[],
                  $12::timestamptz[]) WITH ORDINALITY
        AS a (activity_id, student_id, course_id, activity_time, kind, item_id, item_title,
              watched_ms, passed, start_time, digest, arrival_time, nth)),
  recorded AS (
    INSERT INTO activity (activity_id, student_id, course_id, activity_time, kind, item_id,
                          item_title, watched_ms, passed, start_time, digest, arrival_time)
    SELECT activity_id, student_id, course_id, activity_time, kind, item_id, item_title, watched_ms,
           passed, start_time, digest, arrival_time
      FROM new_activity ORDER BY activity_id COLLATE "C"
    ON CONFLICT (activity_id) DO NOTHING
    RETURNING *),
  new_course AS (
    INSERT INTO course (course_id, update_time)
    SELECT course_id, now() FROM (SELECT DISTINCT course_id FROM recorded) r ORDER BY course_id
    ON CONFLICT (course_id) DO NOTHING),
  completion AS (
    INSERT INTO lesson_completion AS l (student_id, course_id, lesson_id, complete_time)
    SELECT student_id, course_id, item_id, min(activity_time) FROM recorded WHERE kind = 3
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (student_id, course_id, lesson_id) DO UPDATE
       SET complete_time = excluded.complete_time
     WHERE excluded.complete_time < l.complete_time),
  change AS (
    INSERT INTO enrollment AS e (course_id, student_id, enrolled, enroll_time, activity_time,
                                 arrival_time)
    SELECT DISTINCT ON (course_id, student_id)
           course_id, student_id, kind = 1, coalesce(start_time, activity_time), activity_time,
           arrival_time
      FROM recorded WHERE kind IN (1, 2)
     ORDER BY course_id, student_id, activity_time DESC, arrival_time DESC
    ON CONFLICT (course_id, student_id) DO UPDATE
       SET enrolled = excluded.enrolled, enroll_time = excluded.enroll_time,
           activity_time = excluded.activity_time, arrival_time = excluded.arrival_time
     WHERE (excluded.activity_time, excluded.arrival_time) > (e.activity_time, e.arrival_time))
  SELECT r.activity_id IS NOT NULL, coalesce(a.digest, n.digest)
    FROM new_activity n
    LEFT JOIN recorded r USING (activity_id)
    LEFT JOIN activity a USING (activity_id)
   ORDER BY n.nth)";
constexpr char kFindParticipation[] = R"(
  SELECT coalesce(e.enrolled AND c.state = 1, false), e.enroll_time, u.activity_time,
         u.arrival_time, l.activity_time
    FROM (SELECT $1 AS student_id, $2 AS course_id) k
    LEFT JOIN enrollment e USING (student_id, course_id)
    LEFT JOIN course c USING (course_id)
    LEFT JOIN LATERAL (
         SELECT activity_time, arrival_time FROM activity
          WHERE student_id = $1 AND course_id = $2 AND kind = 2
          ORDER BY activity_time DESC, arrival_time DESC LIMIT 1) u ON true
    LEFT JOIN LATERAL (
         SELECT activity_time FROM activity
          WHERE student_id = $1 AND course_id = $2 AND kind = 3
          ORDER BY activity_time DESC LIMIT 1) l ON true)";

// The columns that depend on the kind of event. The kinds are numbered as in the migration.
struct Columns {
  std::int16_t kind = 0;
  std::optional<std::string> item_id = std::nullopt;
  std::optional<std::string> item_title = std::nullopt;
  std::int64_t watched_ms = 0;
  bool passed = false;
  std::optional<absl::Time> start_time = std::nullopt;
};

Columns ColumnsOf(std::monostate) { return {}; }
Columns ColumnsOf(const Enrolled& event) { return {.kind = 1, .start_time = event.start_time}; }
Columns ColumnsOf(const Unenrolled&) { return {.kind = 2}; }
Columns ColumnsOf(const LessonCompleted& event) {
  return {.kind = 3, .item_id = event.lesson_id, .item_title = event.lesson_title};
}
Columns ColumnsOf(const Watched& event) {
  return {.kind = 4, .watched_ms = absl::ToInt64Milliseconds(event.duration)};
}
Columns ColumnsOf(const QuizTaken& event) {
  return {.kind = 5, .item_id = event.quiz_id, .passed = event.passed};
}

}  // namespace

absl::StatusOr<std::vector<RecordResult>> PgActivityStore::Record(
    absl::Span<const Activity> activities, absl::Time deadline) {
  // Of several activities with one id, the first is recorded.
  std::map<std::string_view, std::size_t> positions;  // in `firsts`
  std::vector<Activity> firsts;
  for (const Activity& activity : activities) {
    if (positions.emplace(activity.id, firsts.size()).second) firsts.push_back(activity);
  }
  std::vector<Columns> columns;
  columns.reserve(firsts.size());
  for (const Activity& activity : firsts) {
    columns.push_back(
        std::visit([](const auto& event) { return ColumnsOf(event); }, activity.event));
  }
  // A retry after a COMMIT with unknown outcome may count the recorded activities as duplicates.
  return RunInTransaction(
      pool_, {.name = "report.record_activity", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<RecordResult>> {
        const pqxx::result rows = tx.exec_params(
            kRecord, ToArrayLiteral(firsts, &Activity::id),
            ToArrayLiteral(firsts, &Activity::student), ToArrayLiteral(firsts, &Activity::course),
            ToArrayLiteral(firsts, &Activity::time), ToArrayLiteral(columns, &Columns::kind),
            ToArrayLiteral(columns, &Columns::item_id),
            ToArrayLiteral(columns, &Columns::item_title),
            ToArrayLiteral(columns, &Columns::watched_ms),
            ToArrayLiteral(columns, &Columns::passed),
            ToArrayLiteral(columns, &Columns::start_time),
            ToArrayLiteral(firsts, &Activity::digest),
            ToArrayLiteral(firsts, &Activity::arrival_time));
        std::set<std::size_t> recorded;
        std::vector<RecordResult> results;
        for (const Activity& activity : activities) {
          const std::size_t position = positions.at(activity.id);
          const pqxx::row row = rows[static_cast<pqxx::result::size_type>(position)];
          const bool is_new = row[0].as<bool>() && recorded.insert(position).second;
          const bool same = row[1].as<std::int64_t>() == activity.digest;
          results.push_back(is_new ? RecordResult::kRecorded
                            : same ? RecordResult::kDuplicate
                                   : RecordResult::kConflict);
        }
        return results;
      });
}

absl::StatusOr<Participation> PgActivityStore::FindParticipation(std::string_view student,
                                                                 std::string_view course,
                                                                 absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.find_participation", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Participation> {
        const pqxx::row row =
            tx.exec_params1(kFindParticipation, std::string(student), std::string(course));
        Participation found{.enrolled = row[0].as<bool>()};
        if (found.enrolled) found.enroll_time = postgres::Time(row[1]);
        found.unenroll_time = postgres::OptionalTime(row[2]);
        if (found.unenroll_time) found.unenroll_arrival_time = postgres::Time(row[3]);
        found.last_lesson_time = postgres::OptionalTime(row[4]);
        return found;
      });
}

absl::StatusOr<std::vector<Enrollment>> PgActivityStore::ListEnrolled(std::string_view course,
                                                                      absl::Time now,
                                                                      std::string_view after,
                                                                      int limit,
                                                                      absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.list_enrolled", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Enrollment>> {
        std::vector<Enrollment> enrollments;
        for (const pqxx::row& row : tx.exec_params(
                 "SELECT student_id, enroll_time FROM enrollment JOIN course USING (course_id)"
                 " WHERE course_id = $1 AND course.state = 1 AND student_id > $2 AND enrolled AND "
                 "enroll_time <= $3"
                 " ORDER BY student_id LIMIT $4",
                 std::string(course), std::string(after), postgres::ToTimestamptz(now), limit)) {
          enrollments.push_back(
              {postgres::Text(row[0]), std::string(course), postgres::Time(row[1])});
        }
        return enrollments;
      });
}

}  // namespace lmsmail::report
