#include "services/scheduler/report_client.h"

#include "libs/rpc/client_call.h"

namespace lmsmail::scheduler {
namespace {

using Stub = report::v1::ReportService::StubInterface;

}  // namespace

absl::Status ReportClient::RecordActivity(const report::v1::RecordActivityRequest& request) {
  return rpc::Call(*stub_, &Stub::RecordActivity, request, rpc::WithTimeout(timeout_)).status();
}

absl::Status ReportClient::UpsertCourses(const report::v1::UpsertCoursesRequest& request) {
  return rpc::Call(*stub_, &Stub::UpsertCourses, request, rpc::WithTimeout(timeout_)).status();
}

absl::StatusOr<report::v1::Course> ReportClient::GetCourse(const std::string& name) {
  report::v1::GetCourseRequest request;
  request.set_name(name);
  return rpc::Call(*stub_, &Stub::GetCourse, request, rpc::WithTimeout(timeout_));
}

absl::StatusOr<report::v1::ListEnrolledStudentsResponse> ReportClient::ListEnrolledStudents(
    const report::v1::ListEnrolledStudentsRequest& request) {
  return rpc::Call(*stub_, &Stub::ListEnrolledStudents, request, rpc::WithTimeout(timeout_));
}

absl::StatusOr<report::v1::WeeklyReportRun> ReportClient::Generate(const std::string& week) {
  report::v1::GenerateWeeklyReportsRequest request;
  request.set_week(week);
  return rpc::Call(*stub_, &Stub::GenerateWeeklyReports, request, rpc::WithTimeout(timeout_));
}

}  // namespace lmsmail::scheduler
