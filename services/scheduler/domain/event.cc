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
      return EventType::kCourseUpserted;
    case Payload::kPaymentRefunded:
      return EventType::kPaymentRefunded;
    case Payload::kCourseArchived:
      return EventType::kCourseArchived;
    case Payload::kCourseDeleted:
      return EventType::kCourseDeleted;
    case Payload::kStudentErased:
      return EventType::kStudentErased;
    case Payload::PAYLOAD_NOT_SET:
      break;
  }
  return EventType::kUnspecified;
}

std::string_view TypeName(EventType type) {
  constexpr std::string_view kNames[] = {
      "unspecified",       "student_enrolled",   "demo_class_attended", "payment_succeeded",
      "content_published", "student_unenrolled", "lesson_completed",    "payment_refunded",
      "course_upserted",   "course_archived",    "course_deleted",      "student_erased"};
  return kNames[static_cast<std::size_t>(type)];
}

bool CanTriggerMail(EventType type) {
  return type != EventType::kUnspecified && type < EventType::kCourseUpserted;
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
    case Payload::kPaymentRefunded:
      return event.payment_refunded().student();
    case Payload::kStudentErased:
      return event.student_erased().student();
    case Payload::kContentPublished:
    case Payload::kCourseUpserted:
    case Payload::kCourseArchived:
    case Payload::kCourseDeleted:
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
    case Payload::kPaymentRefunded:
      return event.payment_refunded().course();
    case Payload::kCourseArchived:
      return CourseWithId(event.course_archived().course_id());
    case Payload::kCourseDeleted:
      return CourseWithId(event.course_deleted().course_id());
    case Payload::kStudentErased:
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
