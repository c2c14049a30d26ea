#include "services/scheduler/domain/event.h"

namespace lmsmail::scheduler {
namespace {

using Payload = v1::Event::PayloadCase;

v1::CourseRef CourseWithId(const std::string& course_id) {
  v1::CourseRef course;
  course.set_course_id(course_id);
  return course;
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
      return CourseWithId(event.student_unenrolled().course_id());
    case Payload::kDemoClassAttended:
      return event.demo_class_attended().course();
    case Payload::kPaymentSucceeded:
      return event.payment_succeeded().course();
    case Payload::kContentPublished:
      return event.content_published().course();
    case Payload::kLessonCompleted:
      return CourseWithId(event.lesson_completed().course_id());
    case Payload::kCourseUpserted:
      return event.course_upserted().course();
    case Payload::PAYLOAD_NOT_SET:
      break;
  }
  return {};
}

absl::Time TimeOf(const v1::Event& event) { return TimeOf(event.event_time()); }

absl::Time TimeOf(const google::protobuf::Timestamp& time) {
  return absl::FromUnixSeconds(time.seconds()) + absl::Nanoseconds(time.nanos());
}

}  // namespace lmsmail::scheduler
