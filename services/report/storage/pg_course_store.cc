#include "services/report/storage/pg_course_store.h"

#include <fmt/format.h>

#include <pqxx/pqxx>
#include <string>

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "services/report/domain/resource_names.h"

namespace lmsmail::report {
namespace {

using postgres::RunInTransaction;
using postgres::ToArrayLiteral;

constexpr char kColumns[] = "course_id, title, url, instructor_name, lesson_count, update_time";

// An unchanged course is not written. The result is read by a second statement, because a statement
// does not see its own inserts.
constexpr char kUpsert[] = R"(
  INSERT INTO course AS c (course_id, title, url, instructor_name, lesson_count, update_time)
  SELECT n.course_id, n.title, n.url, n.instructor_name, n.lesson_count, $6::timestamptz
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[])
         AS n (course_id, title, url, instructor_name, lesson_count)
   ORDER BY n.course_id COLLATE "C"
  ON CONFLICT (course_id) DO UPDATE
     SET title = excluded.title, url = excluded.url, instructor_name = excluded.instructor_name,
         lesson_count = excluded.lesson_count, update_time = excluded.update_time
   WHERE (c.title, c.url, c.instructor_name, c.lesson_count) IS DISTINCT FROM
         (excluded.title, excluded.url, excluded.instructor_name, excluded.lesson_count))";

Course CourseOf(const pqxx::row& row) {
  Course course;
  course.id = postgres::Text(row[0]);
  course.title = postgres::Text(row[1]);
  course.url = postgres::Text(row[2]);
  course.instructor_name = postgres::Text(row[3]);
  course.lesson_count = row[4].as<std::int32_t>();
  course.update_time = postgres::Time(row[5]);
  return course;
}

std::vector<Course> CoursesOf(const pqxx::result& rows) {
  std::vector<Course> courses;
  for (const pqxx::row& row : rows) courses.push_back(CourseOf(row));
  return courses;
}

}  // namespace

absl::StatusOr<std::vector<Course>> PgCourseStore::Upsert(absl::Span<const Course> courses,
                                                          absl::Time now, absl::Time deadline) {
  const std::string ids = ToArrayLiteral(courses, &Course::id);
  return RunInTransaction(
      pool_, {.name = "report.upsert_courses", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Course>> {
        tx.exec_params(kUpsert, ids, ToArrayLiteral(courses, &Course::title),
                       ToArrayLiteral(courses, &Course::url),
                       ToArrayLiteral(courses, &Course::instructor_name),
                       ToArrayLiteral(courses, &Course::lesson_count),
                       postgres::ToTimestamptz(now));
        return CoursesOf(tx.exec_params(
            fmt::format("SELECT {} FROM unnest($1::text[]) WITH ORDINALITY AS n (course_id, nth)"
                        " JOIN course USING (course_id) ORDER BY nth",
                        kColumns),
            ids));
      });
}

absl::StatusOr<Course> PgCourseStore::Get(std::string_view id, absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.get_course", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<Course> {
        const pqxx::result rows = tx.exec_params(
            fmt::format("SELECT {} FROM course WHERE course_id = $1", kColumns), std::string(id));
        if (rows.empty()) return NotFound(CourseName(id));
        return CourseOf(rows[0]);
      });
}

absl::StatusOr<std::vector<Course>> PgCourseStore::List(std::string_view after, int limit,
                                                        absl::Time deadline) {
  return RunInTransaction(
      pool_, {.name = "report.list_courses", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) -> absl::StatusOr<std::vector<Course>> {
        return CoursesOf(tx.exec_params(
            fmt::format("SELECT {} FROM course WHERE course_id > $1 ORDER BY course_id LIMIT $2",
                        kColumns),
            std::string(after), limit));
      });
}

}  // namespace lmsmail::report
