#include "services/report/api/report_service.h"

#include <vector>

#include "libs/status/status_macros.h"

namespace lmsmail::report {

template <typename Handlers, typename Request, typename Response>
grpc::ServerUnaryReactor* ReportService::Run(
    grpc::CallbackServerContext* context, const char* method, Handlers& handlers,
    absl::Status (Handlers::*handler)(const rpc::CallInfo&, const Request&, Response&),
    const Request* request, Response* response) {
  return runner_.Run(context, method,
                     [&handlers, handler, request, response](const rpc::CallInfo& call) {
                       return (handlers.*handler)(call, *request, *response);
                     });
}

grpc::ServerUnaryReactor* ReportService::UpsertCourses(grpc::CallbackServerContext* context,
                                                       const v1::UpsertCoursesRequest* request,
                                                       v1::UpsertCoursesResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/UpsertCourses", courses_,
             &CourseHandlers::UpsertCourses, request, response);
}

grpc::ServerUnaryReactor* ReportService::GetCourse(grpc::CallbackServerContext* context,
                                                   const v1::GetCourseRequest* request,
                                                   v1::Course* response) {
  return Run(context, "lmsmail.report.v1.ReportService/GetCourse", courses_,
             &CourseHandlers::GetCourse, request, response);
}

grpc::ServerUnaryReactor* ReportService::ListCourses(grpc::CallbackServerContext* context,
                                                     const v1::ListCoursesRequest* request,
                                                     v1::ListCoursesResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/ListCourses", courses_,
             &CourseHandlers::ListCourses, request, response);
}

grpc::ServerUnaryReactor* ReportService::RecordActivity(grpc::CallbackServerContext* context,
                                                        const v1::RecordActivityRequest* request,
                                                        v1::RecordActivityResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/RecordActivity", courses_,
             &CourseHandlers::RecordActivity, request, response);
}

grpc::ServerUnaryReactor* ReportService::ListEnrolledStudents(
    grpc::CallbackServerContext* context, const v1::ListEnrolledStudentsRequest* request,
    v1::ListEnrolledStudentsResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/ListEnrolledStudents", courses_,
             &CourseHandlers::ListEnrolledStudents, request, response);
}

grpc::ServerUnaryReactor* ReportService::GenerateWeeklyReports(
    grpc::CallbackServerContext* context, const v1::GenerateWeeklyReportsRequest* request,
    v1::WeeklyReportRun* response) {
  return Run(context, "lmsmail.report.v1.ReportService/GenerateWeeklyReports", weeks_,
             &WeeklyReportHandlers::GenerateWeeklyReports, request, response);
}

grpc::ServerUnaryReactor* ReportService::GetWeeklyReportRun(
    grpc::CallbackServerContext* context, const v1::GetWeeklyReportRunRequest* request,
    v1::WeeklyReportRun* response) {
  return Run(context, "lmsmail.report.v1.ReportService/GetWeeklyReportRun", weeks_,
             &WeeklyReportHandlers::GetWeeklyReportRun, request, response);
}

grpc::ServerUnaryReactor* ReportService::ListWeeklyReportRuns(
    grpc::CallbackServerContext* context, const v1::ListWeeklyReportRunsRequest* request,
    v1::ListWeeklyReportRunsResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/ListWeeklyReportRuns", weeks_,
             &WeeklyReportHandlers::ListWeeklyReportRuns, request, response);
}

grpc::ServerUnaryReactor* ReportService::CancelWeeklyReportRun(
    grpc::CallbackServerContext* context, const v1::CancelWeeklyReportRunRequest* request,
    v1::WeeklyReportRun* response) {
  return Run(context, "lmsmail.report.v1.ReportService/CancelWeeklyReportRun", weeks_,
             &WeeklyReportHandlers::CancelWeeklyReportRun, request, response);
}

grpc::ServerUnaryReactor* ReportService::GetWeeklyReport(grpc::CallbackServerContext* context,
                                                         const v1::GetWeeklyReportRequest* request,
                                                         v1::WeeklyReport* response) {
  return Run(context, "lmsmail.report.v1.ReportService/GetWeeklyReport", weeks_,
             &WeeklyReportHandlers::GetWeeklyReport, request, response);
}

grpc::ServerUnaryReactor* ReportService::ListWeeklyReports(
    grpc::CallbackServerContext* context, const v1::ListWeeklyReportsRequest* request,
    v1::ListWeeklyReportsResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/ListWeeklyReports", weeks_,
             &WeeklyReportHandlers::ListWeeklyReports, request, response);
}

grpc::ServerUnaryReactor* ReportService::PreviewWeeklyEmail(
    grpc::CallbackServerContext* context, const v1::PreviewWeeklyEmailRequest* request,
    v1::PreviewWeeklyEmailResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/PreviewWeeklyEmail", weeks_,
             &WeeklyReportHandlers::PreviewWeeklyEmail, request, response);
}

grpc::ServerUnaryReactor* ReportService::GetMailStats(grpc::CallbackServerContext* context,
                                                      const v1::GetMailStatsRequest* request,
                                                      v1::GetMailStatsResponse* response) {
  return Run(context, "lmsmail.report.v1.ReportService/GetMailStats", *this,
             &ReportService::MailStats, request, response);
}

absl::Status ReportService::MailStats(const rpc::CallInfo& call,
                                      const v1::GetMailStatsRequest& request,
                                      v1::GetMailStatsResponse& response) {
  // Dispatch checks the fields, which have the same names there.
  dispatch::v1::GetMailStatsRequest query;
  if (request.has_start_time()) *query.mutable_start_time() = request.start_time();
  if (request.has_end_time()) *query.mutable_end_time() = request.end_time();
  query.set_template_(request.template_());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<dispatch::v1::MailStats> stats,
                           mail_stats_.Get(query, call));
  *response.mutable_stats() = {stats.begin(), stats.end()};
  *response.mutable_total() = TotalOf(stats);
  return absl::OkStatus();
}

}  // namespace lmsmail::report
