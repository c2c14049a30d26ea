#include "services/report/storage/pg_activity_store.h"

#include <cstdint>
#include <optional>
#include <pqxx/pqxx>
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
    SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[], $5::int2[],
                         $6::text[], $7::text[], $8::int8[], $9::bool[], $10::timestamptz[])
      AS a (activity_id, student_id, course_id, activity_time, kind, item_id, item_title,
            watched_ms, passed, start_time)),
  recorded AS (
    INSERT INTO activity (activity_id, student_id, course_id, activity_time, kind, item_id,
                          item_title, watched_ms, passed, start_time)
    SELECT * FROM new_activity ORDER BY activity_id COLLATE "C"
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
                                 activity_id)
    SELECT DISTINCT ON (course_id, student_id)
           course_id, student_id, kind = 1, coalesce(start_time, activity_time), activity_time,
           activity_id
      FROM recorded WHERE kind IN (1, 2)
     ORDER BY course_id, student_id, activity_time DESC, activity_id DESC
    ON CONFLICT (course_id, student_id) DO UPDATE
       SET enrolled = excluded.enrolled, enroll_time = excluded.enroll_time,
           activity_time = excluded.activity_time, activity_id = excluded.activity_id
     WHERE (excluded.activity_time, excluded.activity_id) > (e.activity_time, e.activity_id))
  SELECT count(*) FROM recorded)";

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

absl::StatusOr<RecordedCount> PgActivityStore::Record(absl::Span<const Activity> activities,
                                                      absl::Time deadline) {
  std::vector<Columns> columns;
  columns.reserve(activities.size());
  for (const Activity& activity : activities) {
    columns.push_back(
        std::visit([](const auto& event) { return ColumnsOf(event); }, activity.event));
  }
  // A retry after a COMMIT with unknown outcome may count the recorded activities as duplicates.
  return RunInTransaction(
      pool_, {.name = "report.record_activity", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<RecordedCount> {
        const int recorded = tx.exec_params1(kRecord, ToArrayLiteral(activities, &Activity::id),
                                             ToArrayLiteral(activities, &Activity::student),
                                             ToArrayLiteral(activities, &Activity::course),
                                             ToArrayLiteral(activities, &Activity::time),
                                             ToArrayLiteral(columns, &Columns::kind),
                                             ToArrayLiteral(columns, &Columns::item_id),
                                             ToArrayLiteral(columns, &Columns::item_title),
                                             ToArrayLiteral(columns, &Columns::watched_ms),
                                             ToArrayLiteral(columns, &Columns::passed),
                                             ToArrayLiteral(columns, &Columns::start_time))[0]
                                 .as<int>();
        return RecordedCount{recorded, static_cast<int>(activities.size()) - recorded};
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
                 "SELECT student_id, enroll_time FROM enrollment"
                 " WHERE course_id = $1 AND student_id > $2 AND enrolled AND enroll_time <= $3"
                 " ORDER BY student_id LIMIT $4",
                 std::string(course), std::string(after), postgres::ToTimestamptz(now), limit)) {
          enrollments.push_back(
              {postgres::Text(row[0]), std::string(course), postgres::Time(row[1])});
        }
        return enrollments;
      });
}

}  // namespace lmsmail::report
