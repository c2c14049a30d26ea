#include "services/scheduler/event_facts.h"

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "services/scheduler/resource_names.h"

namespace lmsmail::scheduler {
namespace {

using Payload = v1::Event::PayloadCase;

v1::CourseRef OnlyId(const std::string& course_id) {
  v1::CourseRef course;
  course.set_course_id(course_id);
  return course;
}

// The facts of one event, as they are put together.
class Facts {
 public:
  explicit Facts(const v1::Event& event) : event_(event) {}

  report::v1::Activity& Add(std::string_view what) {
    report::v1::Activity& activity = *activities_.Add();
    activity.set_activity_id(fmt::format("{}/{}", event_.event_id(), what));
    activity.set_student(StudentOf(event_));
    activity.set_course(CourseName(CourseOf(event_).course_id()));
    *activity.mutable_activity_time() = event_.event_time();
    return activity;
  }
  auto Take() && { return std::move(activities_); }

 private:
  const v1::Event& event_;
  google::protobuf::RepeatedPtrField<report::v1::Activity> activities_;
};

void AddLesson(const v1::LessonCompleted& lesson, Facts& facts) {
  auto& completed = *facts.Add("lesson").mutable_lesson_completed();
  completed.set_lesson_id(lesson.lesson_id());
  completed.set_lesson_title(lesson.lesson_title());
  if (google::protobuf::util::TimeUtil::DurationToNanoseconds(lesson.watch_duration()) > 0) {
    *facts.Add("watched").mutable_watched()->mutable_duration() = lesson.watch_duration();
  }
  if (lesson.quiz_passed()) {
    auto& quiz = *facts.Add("quiz").mutable_quiz_taken();
    quiz.set_quiz_id(lesson.lesson_id());
    quiz.set_passed(true);
  }
}

}  // namespace

EventType TypeOf(const v1::Event& event) {
  switch (event.payload_case()) {
    case Payload::kStudentEnrolled:
      return EventType::kStudentEnrolled;
    case Payload::kStudentUnenrolled:
      return EventType::kStudentUnenrolled;
    case Payload::kDemoClassAttended:
      return EventType::kDemoClassAttended;
    case Payload::kPaymentSucceeded:
      return EventType::kPaymentSucceeded;
    case Payload::kContentPublished:
      return EventType::kContentPublished;
    case Payload::kLessonCompleted:
      return EventType::kLessonCompleted;
    case Payload::kCourseUpserted:
    case Payload::PAYLOAD_NOT_SET:
      break;
  }
  return EventType::kUnspecified;
}

std::string StudentOf(const v1::Event& event) {
  switch (event.payload_case()) {
    case Payload::kStudentEnrolled:
      return event.student_enrolled().student();
    case Payload::kStudentUnenrolled:
      return event.student_unenrolled().student();
    case Payload::kDemoClassAttended:
      return event.demo_class_attended().student();
    case Payload::kPaymentSucceeded:
      return event.payment_succeeded().student();
    case Payload::kLessonCompleted:
      return event.lesson_completed().student();
    case Payload::kContentPublished:
    case Payload::kCourseUpserted:
    case Payload::PAYLOAD_NOT_SET:
      break;
  }
  return "";
}

v1::CourseRef CourseOf(const v1::Event& event) {
  switch (event.payload_case()) {
    case Payload::kStudentEnrolled:
      return event.student_enrolled().course();
    case Payload::kStudentUnenrolled:
      return OnlyId(event.student_unenrolled().course_id());
    case Payload::kDemoClassAttended:
      return event.demo_class_attended().course();
    case Payload::kPaymentSucceeded:
      return event.payment_succeeded().course();
    case Payload::kContentPublished:
      return event.content_published().course();
    case Payload::kLessonCompleted:
      return OnlyId(event.lesson_completed().course_id());
    case Payload::kCourseUpserted:
      return event.course_upserted().course();
    case Payload::PAYLOAD_NOT_SET:
      break;
  }
  return {};
}

absl::Time TimeOf(const v1::Event& event) {
  return absl::FromUnixSeconds(event.event_time().seconds()) +
         absl::Nanoseconds(event.event_time().nanos());
}

google::protobuf::RepeatedPtrField<report::v1::Activity> ActivitiesOf(const v1::Event& event) {
  Facts facts(event);
  if (event.has_student_enrolled()) {
    auto& enrolled = *facts.Add("enrolled").mutable_enrolled();
    if (event.student_enrolled().has_start_time()) {
      *enrolled.mutable_start_time() = event.student_enrolled().start_time();
    }
  } else if (event.has_student_unenrolled()) {
    facts.Add("unenrolled").mutable_unenrolled();
  } else if (event.has_lesson_completed()) {
    AddLesson(event.lesson_completed(), facts);
  }
  return std::move(facts).Take();
}

}  // namespace lmsmail::scheduler
