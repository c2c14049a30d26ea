#include "services/scheduler/clients/report_client.h"

#include <variant>

#include "libs/protobuf/time.h"
#include "libs/resource_name/name.h"
#include "libs/rpc/client_call.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/domain/event.h"

namespace lmsmail::scheduler {
namespace {

using Stub = report::v1::ReportService::StubInterface;

// Sets the fact of an Activity.
struct FactWriter {
  report::v1::Activity& activity;

  void operator()(const Fact::Enrolled& enrolled) const {
    report::v1::Activity::Enrolled& message = *activity.mutable_enrolled();
    if (enrolled.start_time != absl::InfinitePast()) {
      *message.mutable_start_time() = protobuf::ToProto(enrolled.start_time);
    }
  }
  void operator()(const Fact::Unenrolled&) const { activity.mutable_unenrolled(); }
  void operator()(const Fact::LessonCompleted& lesson) const {
    activity.mutable_lesson_completed()->set_lesson_id(lesson.lesson_id);
    activity.mutable_lesson_completed()->set_lesson_title(lesson.lesson_title);
  }
  void operator()(const Fact::Watched& watched) const {
    *activity.mutable_watched()->mutable_duration() = protobuf::ToProto(watched.duration);
  }
  void operator()(const Fact::QuizPassed& quiz) const {
    activity.mutable_quiz_taken()->set_quiz_id(quiz.quiz_id);
    activity.mutable_quiz_taken()->set_passed(true);
  }
};

absl::Status StatusOf(const google::rpc::Status& status) {
  return {static_cast<absl::StatusCode>(status.code()), status.message()};
}

}  // namespace

absl::StatusOr<std::vector<absl::Status>> ReportClient::RecordFacts(
    const std::vector<Fact>& facts) {
  report::v1::RecordActivityRequest request;
  for (const Fact& fact : facts) {
    report::v1::Activity& activity = *request.add_activities();
    activity.set_activity_id(fact.id);
    activity.set_student(fact.student);
    activity.set_course(resource_name::CourseName(fact.course_id));
    *activity.mutable_activity_time() = protobuf::ToProto(fact.time);
    *activity.mutable_arrival_time() = protobuf::ToProto(fact.arrival_time);
    std::visit(FactWriter{activity}, fact.what);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::RecordActivityResponse response,
      rpc::Call(*stub_, &Stub::RecordActivity, request, rpc::WithTimeout(timeout_)));
  std::vector<absl::Status> results;
  for (const auto& result : response.results()) results.push_back(StatusOf(result.status()));
  return results;
}

absl::StatusOr<std::vector<absl::Status>> ReportClient::MergeCourses(
    const std::vector<CourseFact>& facts) {
  report::v1::MergeCoursesRequest request;
  for (const CourseFact& fact : facts) {
    report::v1::CourseFact& message = *request.add_facts();
    report::v1::Course& course = *message.mutable_course();
    course.set_name(resource_name::CourseName(fact.course.id));
    course.set_title(fact.course.title);
    course.set_url(fact.course.url);
    course.set_instructor_name(fact.course.instructor_name);
    course.set_lesson_count(fact.course.lesson_count);
    course.set_state(static_cast<report::v1::Course::State>(fact.course.state));
    *message.mutable_fact_time() = protobuf::ToProto(fact.time);
    *message.mutable_arrival_time() = protobuf::ToProto(fact.arrival_time);
  }
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::MergeCoursesResponse response,
      rpc::Call(*stub_, &Stub::MergeCourses, request, rpc::WithTimeout(timeout_)));
  std::vector<absl::Status> results;
  for (const auto& result : response.results()) results.push_back(StatusOf(result));
  return results;
}

absl::StatusOr<Participation> ReportClient::GetParticipation(const std::string& student,
                                                             const std::string& course_id) {
  report::v1::GetEnrollmentRequest request;
  request.set_student(student);
  request.set_course(resource_name::CourseName(course_id));
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::Enrollment known,
      rpc::Call(*stub_, &Stub::GetEnrollment, request, rpc::WithTimeout(timeout_)));
  Participation participation{.enrolled = known.enrolled()};
  if (known.has_unenroll_time()) {
    participation.unenroll_time = TimeOf(known.unenroll_time());
    participation.unenroll_arrival_time = TimeOf(known.unenroll_arrival_time());
  }
  if (known.has_last_lesson_time()) {
    participation.last_lesson_time = TimeOf(known.last_lesson_time());
  }
  return participation;
}

absl::StatusOr<Course> ReportClient::GetCourse(const std::string& course_id) {
  report::v1::GetCourseRequest request;
  request.set_name(resource_name::CourseName(course_id));
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::Course course,
      rpc::Call(*stub_, &Stub::GetCourse, request, rpc::WithTimeout(timeout_)));
  return Course{.id = course_id,
                .title = course.title(),
                .url = course.url(),
                .instructor_name = course.instructor_name(),
                .lesson_count = course.lesson_count(),
                .state = static_cast<CourseState>(course.state())};
}

absl::StatusOr<StudentPage> ReportClient::ListEnrolledStudents(const std::string& course_id,
                                                               int page_size,
                                                               const std::string& page_token) {
  report::v1::ListEnrolledStudentsRequest request;
  request.set_course(resource_name::CourseName(course_id));
  request.set_page_size(page_size);
  request.set_page_token(page_token);
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::ListEnrolledStudentsResponse response,
      rpc::Call(*stub_, &Stub::ListEnrolledStudents, request, rpc::WithTimeout(timeout_)));
  StudentPage page{.students = {}, .next_page_token = response.next_page_token()};
  for (const auto& enrollment : response.enrollments()) {
    page.students.push_back(enrollment.student());
  }
  return page;
}

absl::StatusOr<std::string> ReportClient::Generate(const WeeklyReportOrder& order) {
  report::v1::GenerateWeeklyReportsRequest request;
  request.set_week(order.week);
  request.set_local_time(order.local_time);
  LMSMAIL_ASSIGN_OR_RETURN(
      const report::v1::WeeklyReportRun run,
      rpc::Call(*stub_, &Stub::GenerateWeeklyReports, request, rpc::WithTimeout(timeout_)));
  return run.name();
}

}  // namespace lmsmail::scheduler
