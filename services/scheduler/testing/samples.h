#pragma once

#include <string>

#include "absl/time/time.h"

#include "libs/protobuf/time.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/automations/automation.h"
#include "services/scheduler/schedules/schedule.h"
#include "services/scheduler/storage/request_store.h"

// Sample data for tests.
namespace lmsmail::scheduler {

inline absl::Time At(const std::string& text) {
  absl::Time time;
  std::string error;
  return absl::ParseTime(absl::RFC3339_full, text, &time, &error) ? time : absl::InfinitePast();
}

inline v1::CourseRef Cpp101() {
  v1::CourseRef course;
  course.set_course_id("cpp-101");
  course.set_title("C++ for Beginners");
  course.set_url("https://lms.example/cpp-101");
  return course;
}

inline v1::Event Enrolled(const std::string& id, const std::string& student = "recipients/ada") {
  v1::Event event;
  event.set_event_id(id);
  event.mutable_student_enrolled()->set_student(student);
  *event.mutable_student_enrolled()->mutable_course() = Cpp101();
  return event;
}

inline v1::Event Unenrolled(const std::string& id) {
  v1::Event event;
  event.set_event_id(id);
  event.mutable_student_unenrolled()->set_student("recipients/ada");
  event.mutable_student_unenrolled()->set_course_id("cpp-101");
  return event;
}

inline v1::Event Paid(const std::string& id, const std::string& payment) {
  v1::Event event;
  event.set_event_id(id);
  auto& paid = *event.mutable_payment_succeeded();
  paid.set_student("recipients/ada");
  paid.set_payment_id(payment);
  paid.set_amount_minor(4999);
  paid.set_currency_code("EUR");
  return event;
}

inline v1::Event Refunded(const std::string& id, const std::string& payment) {
  v1::Event event;
  event.set_event_id(id);
  auto& refunded = *event.mutable_payment_refunded();
  refunded.set_student("recipients/ada");
  refunded.set_payment_id(payment);
  refunded.set_amount_minor(4999);
  refunded.set_currency_code("EUR");
  return event;
}

inline v1::Event Upserted(const std::string& id, const std::string& title, absl::Time time) {
  v1::Event event;
  event.set_event_id(id);
  *event.mutable_event_time() = protobuf::ToProto(time);
  event.mutable_course_upserted()->mutable_course()->set_course_id("cpp-101");
  event.mutable_course_upserted()->mutable_course()->set_title(title);
  return event;
}

inline v1::Event Published(const std::string& id, const std::string& content) {
  v1::Event event;
  event.set_event_id(id);
  auto& published = *event.mutable_content_published();
  *published.mutable_course() = Cpp101();
  published.set_content_id(content);
  published.set_title("About " + content);
  published.set_url("https://lms.example/cpp-101/" + content);
  return event;
}

inline Automation AutomationFor(const std::string& id, EventType type) {
  Automation automation{.id = id,
                        .event_type = type,
                        .audience = Audience::kStudent,
                        .template_name = "templates/" + id,
                        .enabled = true};
  if (type == EventType::kContentPublished) {
    automation.audience = Audience::kEnrolled;
    automation.collect_window = absl::Minutes(15);
  }
  return automation;
}

inline Schedule ScheduleAt(const std::string& id, const std::string& cron) {
  return {.id = id, .cron = cron, .action = SweepQueue{}};
}

inline RequestRecord Request(const std::string& id) {
  return {
      .method = "Test", .request_id = id, .digest = 1, .resource = "resource", .time = absl::Now()};
}

}  // namespace lmsmail::scheduler
