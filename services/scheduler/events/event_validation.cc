#include "services/scheduler/events/event_validation.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "libs/protobuf/time.h"
#include "libs/validation/text.h"
#include "services/scheduler/domain/field_validation.h"

namespace lmsmail::scheduler {
namespace {

using validation::CheckText;

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxTitle = 200;
constexpr std::size_t kMaxKind = 63;

void CheckTime(const google::protobuf::Timestamp& time, std::string_view field,
               Violations& violations) {
  protobuf::FromProto(time, field, violations);
}

void CheckDuration(const google::protobuf::Duration& duration, std::string_view field,
                   Violations& violations) {
  if (protobuf::FromProto(duration, field, violations) < absl::ZeroDuration()) {
    violations.Add(std::string(field), "must be 0s or more");
  }
}

Violations CheckCourse(const v1::CourseRef& course) {
  Violations violations;
  CheckCourseId(course.course_id(), "course_id", violations);
  CheckText(course.title(), "title", {.max_length = kMaxTitle}, violations);
  CheckUrl(course.url(), "url", violations);
  CheckText(course.instructor_name(), "instructor_name", {.max_length = kMaxTitle}, violations);
  return violations;
}

Violations Check(const v1::StudentEnrolled& enrolled) {
  Violations violations;
  CheckStudent(enrolled.student(), "student", violations);
  violations.AddNested("course", CheckCourse(enrolled.course()));
  CheckTime(enrolled.start_time(), "start_time", violations);
  return violations;
}

Violations Check(const v1::StudentUnenrolled& unenrolled) {
  Violations violations;
  CheckStudent(unenrolled.student(), "student", violations);
  CheckCourseId(unenrolled.course_id(), "course_id", violations);
  return violations;
}

Violations Check(const v1::DemoClassAttended& demo) {
  Violations violations;
  CheckStudent(demo.student(), "student", violations);
  CheckText(demo.class_title(), "class_title", {.max_length = kMaxTitle, .required = true},
            violations);
  CheckText(demo.host_name(), "host_name", {.max_length = kMaxTitle}, violations);
  if (demo.has_course()) violations.AddNested("course", CheckCourse(demo.course()));
  CheckUrl(demo.enroll_url(), "enroll_url", violations);
  return violations;
}

Violations Check(const v1::PaymentSucceeded& payment) {
  Violations violations;
  CheckStudent(payment.student(), "student", violations);
  CheckText(payment.payment_id(), "payment_id", {.max_length = kMaxId, .required = true},
            violations);
  if (payment.amount_minor() <= 0) {
    violations.Add("amount_minor",
                   "is required: an amount above 0 in the currency's smallest unit");
  }
  if (payment.currency_code().size() != 3 ||
      !std::ranges::all_of(payment.currency_code(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
    violations.Add("currency_code", "must be three capital letters (ISO 4217), such as EUR");
  }
  CheckText(payment.description(), "description", {.max_length = kMaxTitle}, violations);
  if (payment.has_course()) violations.AddNested("course", CheckCourse(payment.course()));
  CheckUrl(payment.receipt_url(), "receipt_url", violations);
  return violations;
}

Violations Check(const v1::ContentPublished& content) {
  Violations violations;
  violations.AddNested("course", CheckCourse(content.course()));
  CheckText(content.content_id(), "content_id", {.max_length = kMaxId, .required = true},
            violations);
  CheckText(content.title(), "title", {.max_length = kMaxTitle, .required = true}, violations);
  CheckText(content.kind(), "kind", {.max_length = kMaxKind}, violations);
  CheckUrl(content.url(), "url", violations);
  CheckDuration(content.duration(), "duration", violations);
  return violations;
}

Violations Check(const v1::LessonCompleted& lesson) {
  Violations violations;
  CheckStudent(lesson.student(), "student", violations);
  CheckCourseId(lesson.course_id(), "course_id", violations);
  CheckText(lesson.lesson_id(), "lesson_id", {.max_length = kMaxId, .required = true}, violations);
  CheckText(lesson.lesson_title(), "lesson_title", {.max_length = kMaxTitle}, violations);
  CheckDuration(lesson.watch_duration(), "watch_duration", violations);
  return violations;
}

Violations Check(const v1::CourseUpserted& upserted) {
  Violations violations;
  violations.AddNested("course", CheckCourse(upserted.course()));
  if (upserted.course().title().empty()) violations.Add("course.title", "is required");
  if (upserted.lesson_count() < 0) violations.Add("lesson_count", "must be 0 or more");
  return violations;
}

void CheckPayload(const v1::Event& event, Violations& violations) {
  using Payload = v1::Event::PayloadCase;
  switch (event.payload_case()) {
    case Payload::kStudentEnrolled:
      return violations.AddNested("student_enrolled", Check(event.student_enrolled()));
    case Payload::kStudentUnenrolled:
      return violations.AddNested("student_unenrolled", Check(event.student_unenrolled()));
    case Payload::kDemoClassAttended:
      return violations.AddNested("demo_class_attended", Check(event.demo_class_attended()));
    case Payload::kPaymentSucceeded:
      return violations.AddNested("payment_succeeded", Check(event.payment_succeeded()));
    case Payload::kContentPublished:
      return violations.AddNested("content_published", Check(event.content_published()));
    case Payload::kLessonCompleted:
      return violations.AddNested("lesson_completed", Check(event.lesson_completed()));
    case Payload::kCourseUpserted:
      return violations.AddNested("course_upserted", Check(event.course_upserted()));
    case Payload::PAYLOAD_NOT_SET:
      return violations.Add("payload",
                            "is required: one of student_enrolled, student_unenrolled, "
                            "demo_class_attended, payment_succeeded, content_published, "
                            "lesson_completed and course_upserted");
  }
}

}  // namespace

Violations CheckEvent(const v1::Event& event) {
  Violations violations;
  CheckText(event.event_id(), "event_id", {.max_length = kMaxId, .required = true}, violations);
  CheckTime(event.event_time(), "event_time", violations);
  CheckPayload(event, violations);
  return violations;
}

}  // namespace lmsmail::scheduler
