#pragma once

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "services/report/domain/weekly_reports.h"
#include "services/report/storage/weekly_report_store.h"

namespace lmsmail::report {

// The methods of ReportService for weekly runs, reports and their mail.
class WeeklyReportHandlers {
 public:
  WeeklyReportHandlers(WeeklyReports& reports, WeeklyReportStore& store)
      : reports_(reports), store_(store) {}

  absl::Status GenerateWeeklyReports(const rpc::CallInfo& call,
                                     const v1::GenerateWeeklyReportsRequest& request,
                                     v1::WeeklyReportRun& response);
  absl::Status GetWeeklyReportRun(const rpc::CallInfo& call,
                                  const v1::GetWeeklyReportRunRequest& request,
                                  v1::WeeklyReportRun& response);
  absl::Status ListWeeklyReportRuns(const rpc::CallInfo& call,
                                    const v1::ListWeeklyReportRunsRequest& request,
                                    v1::ListWeeklyReportRunsResponse& response);
  absl::Status CancelWeeklyReportRun(const rpc::CallInfo& call,
                                     const v1::CancelWeeklyReportRunRequest& request,
                                     v1::WeeklyReportRun& response);
  absl::Status GetWeeklyReport(const rpc::CallInfo& call, const v1::GetWeeklyReportRequest& request,
                               v1::WeeklyReport& response);
  absl::Status ListWeeklyReports(const rpc::CallInfo& call,
                                 const v1::ListWeeklyReportsRequest& request,
                                 v1::ListWeeklyReportsResponse& response);
  absl::Status PreviewWeeklyEmail(const rpc::CallInfo& call,
                                  const v1::PreviewWeeklyEmailRequest& request,
                                  v1::PreviewWeeklyEmailResponse& response);

 private:
  WeeklyReports& reports_;
  WeeklyReportStore& store_;
};

}  // namespace lmsmail::report
