#pragma once

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/report/v1/report_service.pb.h"
#include "services/report/storage/activity_store.h"
#include "services/report/storage/course_store.h"

namespace lmsmail::report {

// The methods of ReportService for courses, enrollments and activities.
class CourseHandlers {
 public:
  CourseHandlers(CourseStore& courses, ActivityStore& activities, const Clock& clock)
      : courses_(courses), activities_(activities), clock_(clock) {}

  absl::Status UpsertCourses(const rpc::CallInfo& call, const v1::UpsertCoursesRequest& request,
                             v1::UpsertCoursesResponse& response);
  absl::Status MergeCourses(const rpc::CallInfo& call, const v1::MergeCoursesRequest& request,
                            v1::MergeCoursesResponse& response);
  absl::Status GetCourse(const rpc::CallInfo& call, const v1::GetCourseRequest& request,
                         v1::Course& response);
  absl::Status ListCourses(const rpc::CallInfo& call, const v1::ListCoursesRequest& request,
                           v1::ListCoursesResponse& response);
  absl::Status RecordActivity(const rpc::CallInfo& call, const v1::RecordActivityRequest& request,
                              v1::RecordActivityResponse& response);
  absl::Status GetEnrollment(const rpc::CallInfo& call, const v1::GetEnrollmentRequest& request,
                             v1::Enrollment& response);
  absl::Status ListEnrolledStudents(const rpc::CallInfo& call,
                                    const v1::ListEnrolledStudentsRequest& request,
                                    v1::ListEnrolledStudentsResponse& response);

 private:
  CourseStore& courses_;
  ActivityStore& activities_;
  const Clock& clock_;
};

}  // namespace lmsmail::report
