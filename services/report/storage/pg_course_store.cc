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

constexpr char kColumns[] =
    "course_id, title, url, instructor_name, lesson_count, update_time, state";

// An unchanged course keeps its update_time. The result is read by a second statement, because a
// statement does not see its own inserts.
constexpr char kUpsert[] = R"(
  INSERT INTO course AS c (course_id, title, url, instructor_name, lesson_count, state, update_time,
                           title_told, url_told, instructor_name_told, lesson_count_told, state_told)
  SELECT n.course_id, n.title, n.url, n.instructor_name, n.lesson_count, n.state, $6::timestamptz,
         told, told, told, told, told
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $7::int2[])
         AS n (course_id, title, url, instructor_name, lesson_count, state),
         (SELECT ARRAY[$6::timestamptz, statement_timestamp()] AS told) t
   ORDER BY n.course_id COLLATE "C"
  ON CONFLICT (course_id) DO UPDATE
     SET title = excluded.title, url = excluded.url, instructor_name = excluded.instructor_name,
         lesson_count = excluded.lesson_count, state = excluded.state,
         title_told = greatest(c.title_told, excluded.title_told),
         url_told = greatest(c.url_told, excluded.url_told),
         instructor_name_told = greatest(c.instructor_name_told, excluded.instructor_name_told),
         lesson_count_told = greatest(c.lesson_count_told, excluded.lesson_count_told),
         state_told = greatest(c.state_told, excluded.state_told),
         update_time = CASE WHEN (c.title, c.url, c.instructor_name, c.lesson_count, c.state)
                                 IS DISTINCT FROM
                                 (excluded.title, excluded.url, excluded.instructor_name,
                                  excluded.lesson_count, excluded.state)
                            THEN excluded.update_time ELSE c.update_time END)";

// In the order of courses, so that two calls cannot deadlock.
constexpr char kMerge[] = R"(
  SELECT merge_course(f.course_id, f.title, f.url, f.instructor_name, f.lesson_count, f.state,
                      ARRAY[f.fact_time, f.arrival_time], $9)
    FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::int4[], $6::int2[],
                $7::timestamptz[], $8::timestamptz[])
         AS f (course_id, title, url, instructor_name, lesson_count, state, fact_time, arrival_time)
   ORDER BY f.course_id COLLATE "C", f.fact_time, f.arrival_time)";

int StateOf(const Course& course) { return static_cast<int>(course.state); }

Course CourseOf(const pqxx::row& row) {
  Course course;
  course.id = postgres::Text(row[0]);
  course.title = postgres::Text(row[1]);
  course.url = postgres::Text(row[2]);
  course.instructor_name = postgres::Text(row[3]);
  course.lesson_count = row[4].as<std::int32_t>();
  course.update_time = postgres::Time(row[5]);
  course.state = static_cast<CourseState>(row[6].as<int>());
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
                       ToArrayLiteral(courses, &Course::lesson_count), postgres::ToTimestamptz(now),
                       ToArrayLiteral(courses, StateOf));
        return CoursesOf(tx.exec_params(
            fmt::format("SELECT {} FROM unnest($1::text[]) WITH ORDINALITY AS n (course_id, nth)"
                        " JOIN course USING (course_id) ORDER BY nth",
                        kColumns),
            ids));
      });
}

absl::Status PgCourseStore::Merge(absl::Span<const CourseFact> facts, absl::Time now,
                                  absl::Time deadline) {
  const auto each = [&](auto value) {
    return ToArrayLiteral(facts, [&](const CourseFact& fact) { return value(fact.course); });
  };
  return RunInTransaction(
      pool_, {.name = "report.merge_courses", .deadline = deadline, .repeatable = true},
      [&](pqxx::work& tx) {
        tx.exec_params(kMerge, each([](const Course& c) { return c.id; }),
                       each([](const Course& c) { return c.title; }),
                       each([](const Course& c) { return c.url; }),
                       each([](const Course& c) { return c.instructor_name; }),
                       each([](const Course& c) { return c.lesson_count; }), each(StateOf),
                       ToArrayLiteral(facts, &CourseFact::fact_time),
                       ToArrayLiteral(facts, &CourseFact::arrival_time),
                       postgres::ToTimestamptz(now));
        return absl::OkStatus();
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
