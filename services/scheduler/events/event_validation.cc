#include "services/scheduler/events/event_validation.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "libs/learning/fact_limits.h"
#include "libs/protobuf/time.h"
#include "libs/validation/text.h"
#include "services/scheduler/domain/field_validation.h"

namespace lmsmail::scheduler {
namespace {

using learning::CheckHappened;
using learning::CheckItemId;
using learning::CheckLessonCount;
using learning::CheckRequiredTitle;
using learning::CheckStart;
using learning::CheckTitle;
using learning::CheckUrl;
using learning::CheckWatched;
using validation::CheckText;

constexpr std::size_t kMaxId = 128;
constexpr std::size_t kMaxKind = 63;

void CheckDuration(const google::protobuf::Duration& duration, std::string_view field,
                   Violations& violations) {
  if (protobuf::FromProto(duration, field, violations) < absl::ZeroDuration()) {
    violations.Add(std::string(field), "must be 0s or more");
  }
}

void CheckPayment(std::string_view payment_id, std::int64_t amount_minor,
                  std::string_view currency_code, Violations& violations) {
  CheckText(payment_id, "payment_id", {.max_length = kMaxId, .required = true}, violations);
  if (amount_minor <= 0) {
    violations.Add("amount_minor",
                   "is required: an amount above 0 in the currency's smallest unit");
  }
  if (currency_code.size() != 3 ||
      !std::ranges::all_of(currency_code, [](char c) { return c >= 'A' && c <= 'Z'; })) {
    violations.Add("currency_code", "must be three capital letters (ISO 4217), such as EUR");
  }
}

Violations CheckCourse(const v1::CourseRef& course) {
  Violations violations;
  CheckCourseId(course.course_id(), "course_id", violations);
  CheckTitle(course.title(), "title", violations);
  CheckUrl(course.url(), "url", violations);
  CheckTitle(course.instructor_name(), "instructor_name", violations);
  return violations;
}

Violations Check(const v1::StudentEnrolled& enrolled, absl::Time now) {
  Violations violations;
  CheckStudent(enrolled.student(), "student", violations);
  violations.AddNested("course", CheckCourse(enrolled.course()));
  if (enrolled.has_start_time()) {
    const std::size_t before = violations.list().size();
    const absl::Time start = protobuf::FromProto(enrolled.start_time(), "start_time", violations);
    if (violations.list().size() == before) CheckStart(start, now, "start_time", violations);
  }
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
  CheckRequiredTitle(demo.class_title(), "class_title", violations);
  CheckTitle(demo.host_name(), "host_name", violations);
  if (demo.has_course()) violations.AddNested("course", CheckCourse(demo.course()));
  CheckUrl(demo.enroll_url(), "enroll_url", violations);
  return violations;
}

Violations Check(const v1::PaymentSucceeded& payment) {
  Violations violations;
  CheckStudent(payment.student(), "student", violations);
  CheckPayment(payment.payment_id(), payment.amount_minor(), payment.currency_code(), violations);
  CheckTitle(payment.description(), "description", violations);
  if (payment.has_course()) violations.AddNested("course", CheckCourse(payment.course()));
  CheckUrl(payment.receipt_url(), "receipt_url", violations);
  return violations;
}

Violations Check(const v1::ContentPublished& content) {
  Violations violations;
  violations.AddNested("course", CheckCourse(content.course()));
  CheckItemId(content.content_id(), "content_id", violations);
  CheckRequiredTitle(content.title(), "title", violations);
  CheckText(content.kind(), "kind", {.max_length = kMaxKind}, violations);
  CheckUrl(content.url(), "url", violations);
  CheckDuration(content.duration(), "duration", violations);
  return violations;
}

Violations Check(const v1::LessonCompleted& lesson) {
  Violations violations;
  CheckStudent(lesson.student(), "student", violations);
  CheckCourseId(lesson.course_id(), "course_id", violations);
  CheckItemId(lesson.lesson_id(), "lesson_id", violations);
  CheckTitle(lesson.lesson_title(), "lesson_title", violations);
  const absl::Duration watched =
      protobuf::FromProto(lesson.watch_duration(), "watch_duration", violations);
  if (watched != absl::ZeroDuration()) CheckWatched(watched, "watch_duration", violations);
  return violations;
}

Violations Check(const v1::CourseUpserted& upserted) {
  Violations violations;
  violations.AddNested("course", CheckCourse(upserted.course()));
  if (upserted.course().title().empty()) violations.Add("course.title", "is required");
  CheckLessonCount(upserted.lesson_count(), "lesson_count", violations);
  return violations;
}

Violations Check(const v1::PaymentRefunded& refund) {
  Violations violations;
  CheckStudent(refund.student(), "student", violations);
  CheckPayment(refund.payment_id(), refund.amount_minor(), refund.currency_code(), violations);
  CheckTitle(refund.description(), "description", violations);
  if (refund.has_course()) violations.AddNested("course", CheckCourse(refund.course()));
  return violations;
}

template <typename CourseEnded>
Violations CheckEnded(const CourseEnded& event) {
  Violations violations;
  CheckCourseId(event.course_id(), "course_id", violations);
  return violations;
}

Violations Check(const v1::StudentErased& erased) {
  Violations violations;
  CheckStudent(erased.student(), "student", violations);
  return violations;
}

void CheckPayload(const v1::Event& event, absl::Time now, Violations& violations) {
  using Payload = v1::Event::PayloadCase;
  switch (event.payload_case()) {
    case Payload::kStudentEnrolled:
      return violations.AddNested("student_enrolled", Check(event.student_enrolled(), now));
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
    case Payload::kPaymentRefunded:
      return violations.AddNested("payment_refunded", Check(event.payment_refunded()));
    case Payload::kCourseArchived:
      return violations.AddNested("course_archived", CheckEnded(event.course_archived()));
    case Payload::kCourseDeleted:
      return violations.AddNested("course_deleted", CheckEnded(event.course_deleted()));
    case Payload::kStudentErased:
      return violations.AddNested("student_erased", Check(event.student_erased()));
    case Payload::PAYLOAD_NOT_SET:
      return violations.Add("payload",
                            "is required: one of student_enrolled, student_unenrolled, "
                            "demo_class_attended, payment_succeeded, content_published, "
                            "lesson_completed, course_upserted, payment_refunded, "
                            "course_archived, course_deleted and student_erased");
  }
}

}  // namespace

void ClearUnsetTimes(v1::Event& event) {
  const auto is_zero = [](const google::protobuf::Timestamp& time) {
    return time.seconds() == 0 && time.nanos() == 0;
  };
  if (is_zero(event.event_time())) event.clear_event_time();
  if (event.has_student_enrolled() && is_zero(event.student_enrolled().start_time())) {
    event.mutable_student_enrolled()->clear_start_time();
  }
}

Violations CheckEvent(const v1::Event& event, absl::Time now) {
  Violations violations;
  CheckText(event.event_id(), "event_id", {.max_length = kMaxId, .required = true}, violations);
  if (event.has_event_time()) {
    const std::size_t before = violations.list().size();
    const absl::Time time = protobuf::FromProto(event.event_time(), "event_time", violations);
    if (violations.list().size() == before) CheckHappened(time, now, "event_time", violations);
  }
  CheckPayload(event, now, violations);
  return violations;
}

}  // namespace lmsmail::scheduler
