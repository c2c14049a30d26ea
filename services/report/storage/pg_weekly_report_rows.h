#pragma once

#include <pqxx/pqxx>
#include <vector>

#include "services/report/domain/weekly_report.h"
#include "services/report/domain/weekly_report_run.h"

// Conversion between rows and the types of runs and reports.
namespace lmsmail::report {

// The columns of weekly_report_run in the order that RunOf() expects.
inline constexpr char kRunColumns[] =
    "week, state, skip_mail, cursor, total_count, processed_count, mail_count, rejected_count,"
    " inactive_count, detail, create_time, end_time, fence, lease_expire_time, next_attempt_time,"
    " failure_count, first_failure_time, time_zone, local_time";
WeeklyReportRun RunOf(const pqxx::row& row);

void InsertRunIfAbsent(pqxx::work& tx, const WeeklyReportRun& run);
// Updates all columns except week and create_time.
void SaveRun(pqxx::work& tx, const WeeklyReportRun& run);

// The columns of weekly_report_course and weekly_progress() in the order that CourseProgressOf()
// expects from column `first` on.
inline constexpr char kCourseColumns[] =
    "course_id, title, url, lesson_count, lessons_completed, total_lessons_completed, "
    "quizzes_passed,"
    " watched_ms, active_days";
CourseProgress CourseProgressOf(const pqxx::row& row, int first);

// Of the columns lessons_completed, watched_ms and quizzes_passed from `first` on.
LateActivity LateActivityOf(const pqxx::row& row, int first);

// Expects rows of (week, student_id, mail_state, create_time, late_lessons_completed,
// late_watched_ms, late_quizzes_passed, kCourseColumns or NULLs). The rows of
// one report must be adjacent.
std::vector<WeeklyReport> ReportsOf(const pqxx::result& rows);

}  // namespace lmsmail::report
