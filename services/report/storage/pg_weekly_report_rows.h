#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "services/report/domain/weekly_report.h"
#include "services/report/domain/weekly_report_run.h"

// Rows of the tables of runs and reports, and what they mean.
namespace lmsmail::report {

// Columns of weekly_report_run, as RunOf expects them.
inline constexpr char kRunColumns[] =
    "week, state, skip_mail, cursor, total_count, processed_count, mail_count, refused_count,"
    " quiet_count, detail, created_at, ended_at, fence, lease_until, next_attempt_at,"
    " failure_count, failing_since";
WeeklyReportRun RunOf(const pqxx::row& row);

void InsertRunIfAbsent(pqxx::work& tx, const WeeklyReportRun& run);
// Stores all of `run` but its week and create time.
void SaveRun(pqxx::work& tx, const WeeklyReportRun& run);

// Columns of weekly_report_course and of week_of(), as CourseWeekOf expects them from `first` on.
inline constexpr char kCourseColumns[] =
    "course_id, title, url, lesson_count, lessons_completed, total_lessons, quizzes_passed,"
    " watched_ms, active_days";
CourseWeek CourseWeekOf(const pqxx::row& row, int first);

// Rows of (week, student_id, mail_state, created_at, then kCourseColumns or NULLs), those of one
// report one after the other.
std::vector<WeeklyReport> ReportsOf(const pqxx::result& rows);

}  // namespace lmsmail::report
