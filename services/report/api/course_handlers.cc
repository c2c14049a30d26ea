#include "services/report/api/course_handlers.h"

#include <string>
#include <vector>

#include "libs/identity/owned_key.h"
#include "libs/rpc/page.h"
#include "libs/status/status_macros.h"
#include "services/report/api/convert.h"

namespace lmsmail::report {

absl::Status CourseHandlers::UpsertCourses(const rpc::CallInfo& call,
                                           const v1::UpsertCoursesRequest& request,
                                           v1::UpsertCoursesResponse& response) {
  Violations violations;
  const std::vector<Course> courses = CoursesFromProto(request, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Course> stored,
                           courses_.Upsert(courses, clock_.Now(), call.deadline));
  for (const Course& course : stored) *response.add_courses() = ToProto(course);
  return absl::OkStatus();
}

absl::Status CourseHandlers::GetCourse(const rpc::CallInfo& call,
                                       const v1::GetCourseRequest& request, v1::Course& response) {
  Violations violations;
  const std::string id = CourseIdFromProto(request.name(), "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const Course course, courses_.Get(id, call.deadline));
  response = ToProto(course);
  return absl::OkStatus();
}

absl::Status CourseHandlers::ListCourses(const rpc::CallInfo& call,
                                         const v1::ListCoursesRequest& request,
                                         v1::ListCoursesResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"courses"}, {.default_size = 100, .max_size = 1000}, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<Course> courses,
                           courses_.List(page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(courses, [](const Course& last) { return last.id; }));
  for (const Course& course : courses) *response.add_courses() = ToProto(course);
  return absl::OkStatus();
}

absl::Status CourseHandlers::RecordActivity(const rpc::CallInfo& call,
                                            const v1::RecordActivityRequest& request,
                                            v1::RecordActivityResponse& response) {
  Violations violations;
  std::vector<Activity> activities = ActivitiesFromProto(request, clock_.Now(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  for (Activity& activity : activities) {
    activity.id = identity::MakeOwnedKey(call.caller.name, activity.id);
  }
  LMSMAIL_ASSIGN_OR_RETURN(const RecordedCount count,
                           activities_.Record(activities, call.deadline));
  response.set_recorded_count(count.recorded);
  response.set_duplicate_count(count.duplicate);
  return absl::OkStatus();
}

absl::Status CourseHandlers::ListEnrolledStudents(const rpc::CallInfo& call,
                                                  const v1::ListEnrolledStudentsRequest& request,
                                                  v1::ListEnrolledStudentsResponse& response) {
  Violations violations;
  const std::string course = CourseIdFromProto(request.course(), "course", violations);
  const rpc::Page page(request, {"enrollments", course}, {.default_size = 1000, .max_size = 1000},
                       violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_RETURN_IF_ERROR(courses_.Get(course, call.deadline).status());
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<Enrollment> enrollments,
      activities_.ListEnrolled(course, clock_.Now(), page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(enrollments, [](const Enrollment& last) { return last.student; }));
  for (const Enrollment& enrollment : enrollments) {
    *response.add_enrollments() = ToProto(enrollment);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::report
