#include "services/scheduler/automations/mail_context.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"

#include "libs/strings/view.h"
#include "services/scheduler/domain/event.h"

namespace lmsmail::scheduler {
namespace {

using google::protobuf::Struct;

constexpr double kSecondsPerMinute = 60;
// More would not be read, and might exceed the size that dispatch accepts; the course's page lists
// them all.
constexpr std::size_t kMaxItems = 50;
constexpr std::string_view kDefaultKind = "lesson";

Struct& Object(Struct& parent, const char* name) {
  return *(*parent.mutable_fields())[name].mutable_struct_value();
}

void Put(Struct& object, const char* name, const std::string& text) {
  if (!text.empty()) (*object.mutable_fields())[name].set_string_value(text);
}

void PutCourse(const v1::CourseRef& course, Struct& context) {
  if (course.title().empty() && course.url().empty()) return;
  Struct& object = Object(context, "course");
  Put(object, "title", course.title());
  Put(object, "url", course.url());
  Put(object, "instructor_name", course.instructor_name());
}

void PutNumber(Struct& object, const char* name, double number) {
  (*object.mutable_fields())[name].set_number_value(number);
}

std::string Rfc3339(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d%ET%H:%M:%SZ", time, absl::UTCTimeZone());
}

std::string StartDate(absl::Time start, absl::TimeZone zone) {
  const absl::CivilSecond local = absl::ToCivilSecond(start, zone);
  const absl::CivilDay day(local);
  return local == absl::CivilSecond(day) ? absl::FormatCivilTime(day) : Rfc3339(start);
}

void PutEnrollment(const v1::StudentEnrolled& enrolled, absl::Time enrolled_at, absl::TimeZone zone,
                   Struct& context) {
  Struct& object = Object(context, "enrollment");
  Put(object, "enrolled_at", Rfc3339(enrolled_at));
  if (const auto course = context.fields().find("course"); course != context.fields().end()) {
    (*object.mutable_fields())["course"] = course->second;
  }
  if (enrolled.has_start_time()) {
    Put(object, "start_date", StartDate(TimeOf(enrolled.start_time()), zone));
  }
}

// For a demo class without a course, the class itself takes the course's place.
void PutDemo(const v1::DemoClassAttended& demo, v1::CourseRef course, Struct& context) {
  if (course.title().empty()) course.set_title(demo.class_title());
  if (!demo.enroll_url().empty()) course.set_url(demo.enroll_url());
  PutCourse(course, context);
  Struct& object = Object(context, "demo");
  Put(object, "class_title", demo.class_title());
  Put(object, "host_name", demo.host_name());
}

void PutAmount(std::int64_t amount_minor, const std::string& currency_code, Struct& payment) {
  Struct& amount = Object(payment, "amount");
  Put(amount, "amount_minor", fmt::format("{}", amount_minor));
  Put(amount, "currency_code", currency_code);
}

void PutPayment(const v1::PaymentSucceeded& payment, absl::Time paid, Struct& context) {
  Struct& object = Object(context, "payment");
  PutAmount(payment.amount_minor(), payment.currency_code(), object);
  Put(object, "reference", payment.payment_id());
  Put(object, "paid_date", Rfc3339(paid));
  Put(object, "description", payment.description());
  Put(object, "receipt_url", payment.receipt_url());
}

void PutRefund(const v1::PaymentRefunded& refund, absl::Time refunded, Struct& context) {
  Struct& object = Object(context, "payment");
  PutAmount(refund.amount_minor(), refund.currency_code(), object);
  Put(object, "reference", refund.payment_id());
  Put(object, "refund_date", Rfc3339(refunded));
  Put(object, "description", refund.description());
}

// Templates have a text for the common kinds; another kind is shown as the LMS writes it.
std::string KindOf(const v1::ContentPublished& content) {
  constexpr std::string_view kKinds[] = {"video", "lesson",     "reading",
                                         "quiz",  "assignment", "live"};
  if (content.kind().empty()) return std::string(kDefaultKind);
  std::string kind = absl::AsciiStrToLower(content.kind());
  return std::ranges::find(kKinds, kind) == std::end(kKinds) ? content.kind() : kind;
}

void PutItem(const v1::ContentPublished& content, const v1::CourseRef& course, Struct& item) {
  Put(item, "title", content.title());
  Put(item, "kind", KindOf(content));
  Put(item, "url", content.url().empty() ? course.url() : content.url());
  if (content.duration().seconds() > 0) {
    const double minutes =
        std::round(static_cast<double>(content.duration().seconds()) / kSecondsPerMinute);
    PutNumber(item, "duration_minutes", std::max(minutes, 1.0));
  }
}

}  // namespace

Struct StudentContext(const v1::Event& event, const v1::CourseRef& course, absl::TimeZone zone) {
  Struct context;
  if (event.has_demo_class_attended()) {
    PutDemo(event.demo_class_attended(), course, context);
    return context;
  }
  PutCourse(course, context);
  if (event.has_student_enrolled()) {
    PutEnrollment(event.student_enrolled(), TimeOf(event), zone, context);
  } else if (event.has_payment_succeeded()) {
    PutPayment(event.payment_succeeded(), TimeOf(event), context);
  } else if (event.has_payment_refunded()) {
    PutRefund(event.payment_refunded(), TimeOf(event), context);
  } else if (event.has_lesson_completed() && !event.lesson_completed().lesson_title().empty()) {
    Put(Object(context, "lesson"), "title", event.lesson_completed().lesson_title());
  }
  return context;
}

Struct ContentContext(const std::vector<v1::Event>& events, const v1::CourseRef& course) {
  Struct context;
  PutCourse(course, context);
  std::vector<const v1::ContentPublished*> items;  // in the order of their first event
  std::map<std::string_view, std::size_t> positions;
  for (const v1::Event& event : events) {
    const v1::ContentPublished& content = event.content_published();
    const auto [position, is_new] = positions.try_emplace(content.content_id(), items.size());
    if (is_new) items.push_back(nullptr);
    items[position->second] = &content;
  }
  if (items.size() > kMaxItems) {
    PutNumber(context, "more_items", static_cast<double>(items.size() - kMaxItems));
    items.resize(kMaxItems);
  }
  auto& list = *(*context.mutable_fields())["items"].mutable_list_value();
  for (const v1::ContentPublished* content : items) {
    PutItem(*content, course, *list.add_values()->mutable_struct_value());
  }
  return context;
}

}  // namespace lmsmail::scheduler
