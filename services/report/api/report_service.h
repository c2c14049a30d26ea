#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "libs/clock/clock.h"
#include "libs/rpc/call_runner.h"
#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "services/report/api/course_handlers.h"
#include "services/report/domain/mail_stats.h"
#include "services/report/api/weekly_report_handlers.h"

namespace lmsmail::report {

// lmsmail.report.v1.ReportService. Each method goes through the runner to its handler.
class ReportService final : public v1::ReportService::CallbackService {
 public:
  // All must outlive the server.
  struct Dependencies {
    rpc::CallRunner& runner;
    CourseStore& courses;
    ActivityStore& activities;
    WeeklyReportStore& report_store;
    WeeklyReports& reports;
    MailStatsSource& mail_stats;
    const Clock& clock;
  };

  explicit ReportService(const Dependencies& dependencies)
      : runner_(dependencies.runner),
        courses_(dependencies.courses, dependencies.activities, dependencies.clock),
        weeks_(dependencies.reports, dependencies.report_store),
        mail_stats_(dependencies.mail_stats) {}

  grpc::ServerUnaryReactor* UpsertCourses(grpc::CallbackServerContext* context,
                                          const v1::UpsertCoursesRequest* request,
                                          v1::UpsertCoursesResponse* response) override;
  grpc::ServerUnaryReactor* GetCourse(grpc::CallbackServerContext* context,
                                      const v1::GetCourseRequest* request,
                                      v1::Course* response) override;
  grpc::ServerUnaryReactor* ListCourses(grpc::CallbackServerContext* context,
                                        const v1::ListCoursesRequest* request,
                                        v1::ListCoursesResponse* response) override;
  grpc::ServerUnaryReactor* RecordActivity(grpc::CallbackServerContext* context,
                                           const v1::RecordActivityRequest* request,
                                           v1::RecordActivityResponse* response) override;
  grpc::ServerUnaryReactor* ListEnrolledStudents(
      grpc::CallbackServerContext* context, const v1::ListEnrolledStudentsRequest* request,
      v1::ListEnrolledStudentsResponse* response) override;
  grpc::ServerUnaryReactor* GenerateWeeklyReports(grpc::CallbackServerContext* context,
                                                  const v1::GenerateWeeklyReportsRequest* request,
                                                  v1::WeeklyReportRun* response) override;
  grpc::ServerUnaryReactor* GetWeeklyReportRun(grpc::CallbackServerContext* context,
                                               const v1::GetWeeklyReportRunRequest* request,
                                               v1::WeeklyReportRun* response) override;
  grpc::ServerUnaryReactor* ListWeeklyReportRuns(
      grpc::CallbackServerContext* context, const v1::ListWeeklyReportRunsRequest* request,
      v1::ListWeeklyReportRunsResponse* response) override;
  grpc::ServerUnaryReactor* CancelWeeklyReportRun(grpc::CallbackServerContext* context,
                                                  const v1::CancelWeeklyReportRunRequest* request,
                                                  v1::WeeklyReportRun* response) override;
  grpc::ServerUnaryReactor* GetWeeklyReport(grpc::CallbackServerContext* context,
                                            const v1::GetWeeklyReportRequest* request,
                                            v1::WeeklyReport* response) override;
  grpc::ServerUnaryReactor* ListWeeklyReports(grpc::CallbackServerContext* context,
                                              const v1::ListWeeklyReportsRequest* request,
                                              v1::ListWeeklyReportsResponse* response) override;
  grpc::ServerUnaryReactor* PreviewWeeklyEmail(grpc::CallbackServerContext* context,
                                               const v1::PreviewWeeklyEmailRequest* request,
                                               v1::PreviewWeeklyEmailResponse* response) override;
  grpc::ServerUnaryReactor* GetMailStats(grpc::CallbackServerContext* context,
                                         const v1::GetMailStatsRequest* request,
                                         v1::GetMailStatsResponse* response) override;

 private:
  template <typename Handlers, typename Request, typename Response>
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, const char* method,
                                Handlers& handlers,
                                absl::Status (Handlers::*handler)(const rpc::CallInfo&,
                                                                  const Request&, Response&),
                                const Request* request, Response* response);

  absl::Status MailStats(const rpc::CallInfo& call, const v1::GetMailStatsRequest& request,
                         v1::GetMailStatsResponse& response);

  rpc::CallRunner& runner_;
  CourseHandlers courses_;
  WeeklyReportHandlers weeks_;
  MailStatsSource& mail_stats_;
};

}  // namespace lmsmail::report
