#include "services/report/storage/pg_weekly_report_rows.h"

#include <optional>
#include <stdexcept>
#include <string>

#include "libs/postgres/field.h"
#include "libs/postgres/timestamp.h"
#include "services/report/domain/local_time.h"

namespace lmsmail::report {
namespace {

using postgres::ToTimestamptz;

IsoWeek ParseWeek(const pqxx::field& field) {
  const auto week = IsoWeek::Parse(postgres::View(field));
  if (!week) throw std::runtime_error("invalid week in the database: " + postgres::Text(field));
  return *week;
}

std::optional<std::string> OptionalTimestamptz(const std::optional<absl::Time>& time) {
  if (!time) return std::nullopt;
  return ToTimestamptz(*time);
}

}  // namespace

WeeklyReportRun RunOf(const pqxx::row& row) {
  WeeklyReportRun run;
  run.week = ParseWeek(row[0]);
  run.state = static_cast<RunState>(row[1].as<int>());
  run.skip_mail = row[2].as<bool>();
  run.cursor = postgres::Text(row[3]);
  run.total_count = row[4].as<std::int64_t>();
  run.processed_count = row[5].as<std::int64_t>();
  run.mail_count = row[6].as<std::int64_t>();
  run.rejected_count = row[7].as<std::int64_t>();
  run.inactive_count = row[8].as<std::int64_t>();
  run.detail = postgres::Text(row[9]);
  run.create_time = postgres::Time(row[10]);
  run.end_time = postgres::OptionalTime(row[11]);
  run.fence = row[12].as<std::int64_t>();
  run.lease_expire_time = postgres::Time(row[13]);
  run.next_attempt_time = postgres::Time(row[14]);
  run.failure_count = row[15].as<std::int32_t>();
  run.first_failure_time = postgres::OptionalTime(row[16]);
  run.time_zone = postgres::Text(row[17]);
  run.local_time = ParseLocalTime(postgres::View(row[18]));
  return run;
}

void InsertRunIfAbsent(pqxx::work& tx, const WeeklyReportRun& run) {
  tx.exec_params(
      "INSERT INTO weekly_report_run"
      " VALUES ($1, $2, $3, '', 0, 0, 0, 0, 0, '', $4, NULL, 0, '-infinity', '-infinity', 0, NULL,"
      " $5, $6)"
      " ON CONFLICT (week) DO NOTHING",
      run.week.ToString(), static_cast<int>(run.state), run.skip_mail,
      ToTimestamptz(run.create_time), run.time_zone,
      run.local_time ? FormatLocalTime(*run.local_time) : "");
}

void SaveRun(pqxx::work& tx, const WeeklyReportRun& run) {
  tx.exec_params(
      "UPDATE weekly_report_run"
      "   SET state = $2, skip_mail = $3, cursor = $4, total_count = $5, processed_count = $6,"
      "       mail_count = $7, rejected_count = $8, inactive_count = $9, detail = $10, end_time = "
      "$11,"
      "       fence = $12, lease_expire_time = $13, next_attempt_time = $14, failure_count = $15,"
      "       first_failure_time = $16"
      " WHERE week = $1",
      run.week.ToString(), static_cast<int>(run.state), run.skip_mail, run.cursor, run.total_count,
      run.processed_count, run.mail_count, run.rejected_count, run.inactive_count, run.detail,
      postgres::OrNull(OptionalTimestamptz(run.end_time)), run.fence,
      ToTimestamptz(run.lease_expire_time), ToTimestamptz(run.next_attempt_time), run.failure_count,
      postgres::OrNull(OptionalTimestamptz(run.first_failure_time)));
}

CourseProgress CourseProgressOf(const pqxx::row& row, int first) {
  CourseProgress course;
  course.course = postgres::Text(row[first]);
  course.title = postgres::Text(row[first + 1]);
  course.url = postgres::Text(row[first + 2]);
  course.lesson_count = row[first + 3].as<std::int32_t>();
  course.lessons_completed = row[first + 4].as<std::int32_t>();
  course.total_lessons_completed = row[first + 5].as<std::int32_t>();
  course.quizzes_passed = row[first + 6].as<std::int32_t>();
  course.watch_duration = absl::Milliseconds(row[first + 7].as<std::int64_t>());
  course.active_days = static_cast<std::uint8_t>(row[first + 8].as<int>());
  return course;
}

LateActivity LateActivityOf(const pqxx::row& row, int first) {
  return {.lessons_completed = row[first].as<std::int32_t>(),
          .watch_duration = absl::Milliseconds(row[first + 1].as<std::int64_t>()),
          .quizzes_passed = row[first + 2].as<std::int32_t>()};
}

std::vector<WeeklyReport> ReportsOf(const pqxx::result& rows) {
  std::vector<WeeklyReport> reports;
  for (const pqxx::row& row : rows) {
    const IsoWeek week = ParseWeek(row[0]);
    const std::string_view student = postgres::View(row[1]);
    if (reports.empty() || reports.back().week != week || reports.back().student != student) {
      WeeklyReport& report = reports.emplace_back();
      report.week = week;
      report.student = student;
      report.mail_state = static_cast<MailState>(row[2].as<int>());
      report.create_time = postgres::Time(row[3]);
      report.late = LateActivityOf(row, 4);
    }
    if (!row[7].is_null()) reports.back().courses.push_back(CourseProgressOf(row, 7));
  }
  for (WeeklyReport& report : reports) SortByActivity(report.courses);
  return reports;
}

}  // namespace lmsmail::report
