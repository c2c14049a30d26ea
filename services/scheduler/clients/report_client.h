#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/report/v1/report_service.grpc.pb.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/schedules/weekly_reports.h"

namespace lmsmail::scheduler {

// Calls ReportService. Each call takes at most `timeout`.
class ReportClient final : public ReportService, public WeeklyReports {
 public:
  ReportClient(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout)
      : stub_(report::v1::ReportService::NewStub(channel)), timeout_(timeout) {}

  absl::StatusOr<std::vector<absl::Status>> RecordFacts(const std::vector<Fact>& facts) override;
  absl::StatusOr<std::vector<absl::Status>> MergeCourses(
      const std::vector<CourseFact>& facts) override;
  absl::StatusOr<Participation> GetParticipation(const std::string& student,
                                                 const std::string& course_id) override;
  absl::StatusOr<Course> GetCourse(const std::string& course_id) override;
  absl::StatusOr<StudentPage> ListEnrolledStudents(const std::string& course_id, int page_size,
                                                   const std::string& page_token) override;
  absl::StatusOr<std::string> Generate(const WeeklyReportOrder& order) override;

 private:
  const std::unique_ptr<report::v1::ReportService::Stub> stub_;
  const absl::Duration timeout_;
};

}  // namespace lmsmail::scheduler
