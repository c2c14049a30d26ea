#include "services/report/api/course_handlers.h"

#include <fmt/format.h>
#include <google/protobuf/util/message_differencer.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/identity/owned_key.h"
#include "libs/rpc/page.h"
#include "libs/rpc/status.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/report/api/convert.h"
#include "services/report/domain/course_validation.h"

namespace lmsmail::report {
namespace {

using google::protobuf::util::MessageDifferencer;

void AddResult(const std::string& name, const absl::Status& status,
               v1::UpsertCoursesResponse& response) {
  v1::UpsertCoursesResponse::Result& result = *response.add_results();
  result.set_name(name);
  rpc::ToItemStatus(status, *result.mutable_status());
}

void Report(RecordResult recorded, v1::RecordActivityResponse::Result& result,
            v1::RecordActivityResponse& response) {
  switch (recorded) {
    case RecordResult::kRecorded:
      response.set_recorded_count(response.recorded_count() + 1);
      break;
    case RecordResult::kDuplicate:
      result.set_duplicate(true);
      response.set_duplicate_count(response.duplicate_count() + 1);
      break;
    case RecordResult::kConflict:
      rpc::ToItemStatus(
          WithReason(AlreadyExists(fmt::format("activity \"{}\"", result.activity_id()),
                                   "was recorded before with other content; use a new activity_id"),
                     {"ACTIVITY_ID_REUSED", {}}),
          *result.mutable_status());
      break;
  }
}

}  // namespace

absl::Status CourseHandlers::UpsertCourses(const rpc::CallInfo& call,
                                           const v1::UpsertCoursesRequest& request,
                                           v1::UpsertCoursesResponse& response) {
  Violations violations;
  CheckCount(request.courses().size(), "courses", violations);
  CheckRequestId(request.request_id(), violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::map<std::string, const v1::Course*> firsts;  // by name
  std::vector<Course> courses;
  for (const v1::Course& message : request.courses()) {
    Violations errors;
    Course course = FromProto(message, errors);
    absl::Status status = errors.ToStatus();
    const auto [first, is_new] = firsts.try_emplace(message.name(), &message);
    if (!is_new && !MessageDifferencer::Equals(*first->second, message)) {
      status = AlreadyExists(message.name(), "is in this request twice, with other content");
    }
    AddResult(message.name(), status, response);
    if (status.ok() && is_new) courses.push_back(std::move(course));
  }
  if (courses.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Course> stored,
                           courses_.Upsert(courses, clock_.Now(), call.deadline));
  for (const Course& course : stored) *response.add_courses() = ToProto(course);
  return absl::OkStatus();
}

absl::Status CourseHandlers::MergeCourses(const rpc::CallInfo& call,
                                          const v1::MergeCoursesRequest& request,
                                          v1::MergeCoursesResponse& response) {
  Violations violations;
  CheckCount(request.facts().size(), "facts", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  const absl::Time now = clock_.Now();
  std::vector<CourseFact> facts;
  for (const v1::CourseFact& message : request.facts()) {
    Violations errors;
    CourseFact fact = FromProto(message, now, errors);
    rpc::ToItemStatus(errors.ToStatus(), *response.add_results());
    if (errors.empty()) facts.push_back(std::move(fact));
  }
  return facts.empty() ? absl::OkStatus() : courses_.Merge(facts, now, call.deadline);
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
  CheckCount(request.activities().size(), "activities", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  std::vector<Activity> activities;
  std::vector<v1::RecordActivityResponse::Result*> valid;  // the results of `activities`
  for (const v1::Activity& message : request.activities()) {
    v1::RecordActivityResponse::Result& result = *response.add_results();
    result.set_activity_id(message.activity_id());
    Violations errors;
    Activity activity = FromProto(message, clock_.Now(), errors);
    rpc::ToItemStatus(errors.ToStatus(), *result.mutable_status());
    if (!errors.empty()) continue;
    activity.id = identity::MakeOwnedKey(call.caller.name, activity.id);
    activities.push_back(std::move(activity));
    valid.push_back(&result);
  }
  if (activities.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<RecordResult> recorded,
                           activities_.Record(activities, call.deadline));
  for (std::size_t i = 0; i < valid.size(); ++i) Report(recorded[i], *valid[i], response);
  return absl::OkStatus();
}

absl::Status CourseHandlers::GetEnrollment(const rpc::CallInfo& call,
                                           const v1::GetEnrollmentRequest& request,
                                           v1::Enrollment& response) {
  Violations violations;
  const std::string student = StudentIdFromProto(request.student(), "student", violations);
  const std::string course = CourseIdFromProto(request.course(), "course", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const Participation participation,
                           activities_.FindParticipation(student, course, call.deadline));
  response = ToProto(student, course, participation);
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
