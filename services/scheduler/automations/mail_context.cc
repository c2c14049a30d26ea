#include "services/scheduler/automations/mail_context.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "libs/strings/view.h"
#include "services/scheduler/automations/money.h"
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

void PutEnrollment(const v1::StudentEnrolled& enrolled, absl::TimeZone zone, Struct& context) {
  if (!enrolled.has_start_time()) return;
  Put(Object(context, "enrollment"), "start_date", FormatDate(TimeOf(enrolled.start_time()), zone));
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

void PutPayment(const v1::PaymentSucceeded& payment, absl::Time paid, absl::TimeZone zone,
                Struct& context) {
  Struct& object = Object(context, "payment");
  Put(object, "amount", FormatAmount(payment.amount_minor(), payment.currency_code()));
  Put(object, "currency", payment.currency_code());
  Put(object, "reference", payment.payment_id());
  Put(object, "paid_date", FormatDate(paid, zone));
  Put(object, "description", payment.description());
  Put(object, "receipt_url", payment.receipt_url());
}

void PutRefund(const v1::PaymentRefunded& refund, absl::Time refunded, absl::TimeZone zone,
               Struct& context) {
  Struct& object = Object(context, "payment");
  Put(object, "amount", FormatAmount(refund.amount_minor(), refund.currency_code()));
  Put(object, "currency", refund.currency_code());
  Put(object, "reference", refund.payment_id());
  Put(object, "refund_date", FormatDate(refunded, zone));
  Put(object, "description", refund.description());
}

void PutItem(const v1::ContentPublished& content, const v1::CourseRef& course, Struct& item) {
  Put(item, "title", content.title());
  Put(item, "kind", content.kind().empty() ? std::string(kDefaultKind) : content.kind());
  Put(item, "url", content.url().empty() ? course.url() : content.url());
  if (content.duration().seconds() > 0) {
    const double minutes =
        std::round(static_cast<double>(content.duration().seconds()) / kSecondsPerMinute);
    (*item.mutable_fields())["duration_minutes"].set_number_value(std::max(minutes, 1.0));
  }
}

}  // namespace

std::string FormatDate(absl::Time time, absl::TimeZone zone) {
  return absl::FormatTime("%A, %-d %B %Y", time, zone);
}

Struct StudentContext(const v1::Event& event, const v1::CourseRef& course, absl::TimeZone zone) {
  Struct context;
  if (event.has_demo_class_attended()) {
    PutDemo(event.demo_class_attended(), course, context);
    return context;
  }
  PutCourse(course, context);
  if (event.has_student_enrolled()) {
    PutEnrollment(event.student_enrolled(), zone, context);
  } else if (event.has_payment_succeeded()) {
    PutPayment(event.payment_succeeded(), TimeOf(event), zone, context);
  } else if (event.has_payment_refunded()) {
    PutRefund(event.payment_refunded(), TimeOf(event), zone, context);
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
  if (items.size() > kMaxItems) items.resize(kMaxItems);
  auto& list = *(*context.mutable_fields())["items"].mutable_list_value();
  for (const v1::ContentPublished* content : items) {
    PutItem(*content, course, *list.add_values()->mutable_struct_value());
  }
  return context;
}

}  // namespace lmsmail::scheduler
