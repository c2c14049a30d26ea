#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "lmsmail/report/v1/report_service.pb.h"

namespace lmsmail::scheduler {

// Courses, enrolments and what was learnt: the report service. Errors are the service's own.
// Thread-safe.
class LearningRecords {
 public:
  virtual ~LearningRecords() = default;

  virtual absl::Status RecordActivity(const report::v1::RecordActivityRequest& request) = 0;
  virtual absl::Status UpsertCourses(const report::v1::UpsertCoursesRequest& request) = 0;
  virtual absl::StatusOr<report::v1::Course> GetCourse(const std::string& name) = 0;
  virtual absl::StatusOr<report::v1::ListEnrolledStudentsResponse> ListEnrolledStudents(
      const report::v1::ListEnrolledStudentsRequest& request) = 0;
};

}  // namespace lmsmail::scheduler
