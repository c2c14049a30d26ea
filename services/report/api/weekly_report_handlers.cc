#include "services/report/api/weekly_report_handlers.h"

#include <fmt/format.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/report/api/convert.h"
#include "services/report/domain/course_validation.h"
#include "services/report/domain/local_time.h"
#include "services/report/domain/resource_names.h"

namespace lmsmail::report {
namespace {

constexpr char kAllRuns[] = "weeklyReportRuns/-";
constexpr int kMaxStudents = 1000;

// Returns the query without the page.
ReportQuery QueryOf(const v1::ListWeeklyReportsRequest& request, Violations& violations) {
  ReportQuery query;
  if (!request.student().empty()) {
    query.student = StudentIdFromProto(request.student(), "student", violations);
  }
  if (request.parent() != kAllRuns) {
    query.week = RunFromProto(request.parent(), "parent", violations);
  } else if (request.student().empty()) {
    violations.Add("student", "is required with parent weeklyReportRuns/-");
  }
  return query;
}

WeeklyReportOrder OrderFromProto(const v1::GenerateWeeklyReportsRequest& request,
                                 Violations& violations) {
  WeeklyReportOrder order{.week = WeekFromProto(request.week(), violations),
                          .skip_mail = request.skip_mail()};
  CheckRequestId(request.request_id(), violations);
  if (!request.local_time().empty()) {
    order.local_time = ParseLocalTime(request.local_time());
    if (!order.local_time) {
      violations.Add("local_time", "must be a local date and time, as in 2026-11-23T09:00");
    }
    if (request.students_size() > 0) {
      violations.Add("local_time", "must be empty with students: that of the run counts");
    }
  }
  if (request.students_size() > kMaxStudents) {
    violations.Add("students", fmt::format("must be at most {}", kMaxStudents));
    return order;
  }
  for (int i = 0; i < request.students_size(); ++i) {
    order.students.push_back(
        StudentIdFromProto(request.students(i), fmt::format("students[{}]", i), violations));
  }
  return order;
}

}  // namespace

absl::Status WeeklyReportHandlers::GenerateWeeklyReports(
    const rpc::CallInfo& call, const v1::GenerateWeeklyReportsRequest& request,
    v1::WeeklyReportRun& response) {
  Violations violations;
  const WeeklyReportOrder order = OrderFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportRun run, reports_.Generate(order, call.deadline));
  response = ToProto(run);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::GetWeeklyReportRun(const rpc::CallInfo& call,
                                                      const v1::GetWeeklyReportRunRequest& request,
                                                      v1::WeeklyReportRun& response) {
  Violations violations;
  const IsoWeek week = RunFromProto(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportRun run, store_.GetRun(week, call.deadline));
  response = ToProto(run);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::ListWeeklyReportRuns(
    const rpc::CallInfo& call, const v1::ListWeeklyReportRunsRequest& request,
    v1::ListWeeklyReportRunsResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"runs"}, {.default_size = 20, .max_size = 100}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<WeeklyReportRun> runs,
      store_.ListRuns(IsoWeek::Parse(page.after()), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(runs, [](const WeeklyReportRun& last) { return last.week.ToString(); }));
  for (const WeeklyReportRun& run : runs) *response.add_runs() = ToProto(run);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::CancelWeeklyReportRun(
    const rpc::CallInfo& call, const v1::CancelWeeklyReportRunRequest& request,
    v1::WeeklyReportRun& response) {
  Violations violations;
  const IsoWeek week = RunFromProto(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportRun run, reports_.Cancel(week, call.deadline));
  response = ToProto(run);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::GetWeeklyReport(const rpc::CallInfo& call,
                                                   const v1::GetWeeklyReportRequest& request,
                                                   v1::WeeklyReport& response) {
  const auto name = ParseReportName(request.name());
  if (!name) return InvalidField("name", "must be weeklyReportRuns/{week}/reports/{student}");
  LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReport report,
                           store_.GetReport(name->week, name->student, call.deadline));
  response = ToProto(report);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::ListWeeklyReports(const rpc::CallInfo& call,
                                                     const v1::ListWeeklyReportsRequest& request,
                                                     v1::ListWeeklyReportsResponse& response) {
  Violations violations;
  ReportQuery query = QueryOf(request, violations);
  const rpc::Page page(request, {"reports", request.parent(), request.student()},
                       {.default_size = 100, .max_size = 1000}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  if (query.week) {
    LMSMAIL_RETURN_IF_ERROR(store_.GetRun(*query.week, call.deadline).status());
    query.after_student = page.after();
  } else {
    query.before_week = IsoWeek::Parse(page.after());
  }
  query.limit = page.limit();
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<WeeklyReport> reports,
                           store_.ListReports(query, call.deadline));
  response.set_next_page_token(page.TrimToPage(reports, [&](const WeeklyReport& last) {
    return query.week ? last.student : last.week.ToString();
  }));
  for (const WeeklyReport& report : reports) *response.add_reports() = ToProto(report);
  return absl::OkStatus();
}

absl::Status WeeklyReportHandlers::PreviewWeeklyEmail(const rpc::CallInfo& call,
                                                      const v1::PreviewWeeklyEmailRequest& request,
                                                      v1::PreviewWeeklyEmailResponse& response) {
  Violations violations;
  const std::string student = StudentIdFromProto(request.student(), "student", violations);
  const auto week = WeekFromProto(request.week(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(WeeklyPreview preview, reports_.PreviewMail(student, week, call));
  response.set_subject(std::move(preview.mail.subject));
  response.set_html(std::move(preview.mail.html));
  response.set_text(std::move(preview.mail.text));
  response.set_would_send(preview.would_send);
  for (std::string& warning : preview.mail.warnings) response.add_warnings(std::move(warning));
  return absl::OkStatus();
}

}  // namespace lmsmail::report
