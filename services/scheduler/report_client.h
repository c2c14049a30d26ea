#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/time/time.h"

#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "services/scheduler/learning_records.h"
#include "services/scheduler/weekly_reports.h"

namespace lmsmail::scheduler {

// Calls ReportService. Each call ends within `timeout`.
class ReportClient final : public LearningRecords, public WeeklyReports {
 public:
  ReportClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(report::v1::ReportService::NewStub(channel)), timeout_(timeout) {}

  absl::Status RecordActivity(const report::v1::RecordActivityRequest& request) override;
  absl::Status UpsertCourses(const report::v1::UpsertCoursesRequest& request) override;
  absl::StatusOr<report::v1::Course> GetCourse(const std::string& name) override;
  absl::StatusOr<report::v1::ListEnrolledStudentsResponse> ListEnrolledStudents(
      const report::v1::ListEnrolledStudentsRequest& request) override;
  absl::StatusOr<report::v1::WeeklyReportRun> Generate(const std::string& week) override;

 private:
  const std::unique_ptr<report::v1::ReportService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::scheduler
