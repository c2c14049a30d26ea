#include "services/report/api/report_service.h"

namespace lmsmail::report {

ReportService::ReportService(rpc::CallRunner& runner, CourseHandlers& courses,
                             WeeklyReportHandlers& weekly_reports, MailStatsHandlers& mail_stats,
                             audit::AuditHandlers& audit)
    : BoundService(runner) {
  Bind("UpsertCourses", courses, &CourseHandlers::UpsertCourses);
  Bind("GetCourse", courses, &CourseHandlers::GetCourse);
  Bind("ListCourses", courses, &CourseHandlers::ListCourses);
  Bind("RecordActivity", courses, &CourseHandlers::RecordActivity);
  Bind("ListEnrolledStudents", courses, &CourseHandlers::ListEnrolledStudents);
  Bind("GenerateWeeklyReports", weekly_reports, &WeeklyReportHandlers::GenerateWeeklyReports);
  Bind("GetWeeklyReportRun", weekly_reports, &WeeklyReportHandlers::GetWeeklyReportRun);
  Bind("ListWeeklyReportRuns", weekly_reports, &WeeklyReportHandlers::ListWeeklyReportRuns);
  Bind("CancelWeeklyReportRun", weekly_reports, &WeeklyReportHandlers::CancelWeeklyReportRun);
  Bind("GetWeeklyReport", weekly_reports, &WeeklyReportHandlers::GetWeeklyReport);
  Bind("ListWeeklyReports", weekly_reports, &WeeklyReportHandlers::ListWeeklyReports);
  Bind("PreviewWeeklyEmail", weekly_reports, &WeeklyReportHandlers::PreviewWeeklyEmail);
  Bind("GetMailStats", mail_stats, &MailStatsHandlers::GetMailStats);
  Bind("ListAuditEvents", audit, &audit::AuditHandlers::ListAuditEvents);
}

}  // namespace lmsmail::report
