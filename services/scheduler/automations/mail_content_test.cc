#include <gmock/gmock.h>
#include <google/protobuf/util/json_util.h>
#include <google/protobuf/util/message_differencer.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"
#include "services/scheduler/automations/mail_context.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/automations/money.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

MATCHER_P(IsJson, json, "") {
  google::protobuf::Struct expected;
  const bool parsed = google::protobuf::util::JsonStringToMessage(json, &expected).ok();
  *result_listener << arg.ShortDebugString();
  return parsed && google::protobuf::util::MessageDifferencer::Equals(arg, expected);
}

absl::TimeZone Berlin() { return time_zone::Load("Europe/Berlin").value(); }

TEST(FormatAmountTest, HasTheDecimalsOfItsCurrency) {
  EXPECT_EQ(FormatAmount(4999, "EUR"), "49.99");
  EXPECT_EQ(FormatAmount(5, "USD"), "0.05");
  EXPECT_EQ(FormatAmount(500, "JPY"), "500");
  EXPECT_EQ(FormatAmount(1250, "KWD"), "1.250");
  EXPECT_EQ(FormatAmount(123456, "CLF"), "12.3456");
  EXPECT_EQ(FormatAmount(-150, "EUR"), "-1.50");
}

TEST(MailKeyTest, IdentifiesWhatTheMailMeans) {
  EXPECT_EQ(MailKey("enrollment", Enrolled("e-1")), "enrollment/cpp-101/ada/e-1");
  EXPECT_EQ(MailKey("payment-confirmation", Paid("e-2", "pay-9")),
            "payment_confirmation/pay-9/ada");
  v1::Event demo;
  demo.set_event_id("e-3");
  demo.mutable_demo_class_attended()->set_student("recipients/ada");
  EXPECT_EQ(MailKey("demo-completed", demo), "demo_completed/ada/e-3");
}

TEST(MailKeyTest, NeverExceedsTheLimitOfDispatch) {
  const std::string automation(63, 'a');
  v1::Event enrolled = Enrolled(std::string(128, 'e'), "recipients/" + std::string(63, 's'));
  enrolled.mutable_student_enrolled()->mutable_course()->set_course_id(std::string(63, 'c'));
  const std::string key = MailKey(automation, enrolled);
  EXPECT_LE(key.size(), kMaxMailKey);
  enrolled.set_event_id(std::string(127, 'e') + "f");
  EXPECT_NE(MailKey(automation, enrolled), key);

  v1::Event published = Published("e-1", "c-1");
  published.mutable_content_published()->mutable_course()->set_course_id(std::string(63, 'c'));
  const std::string window = MailKey(automation, published);
  EXPECT_LE(StudentKey(window, "recipients/" + std::string(63, 's')).size(), kMaxMailKey);
  EXPECT_LE(PageKey(window, 1'000'000, "content").size(), kMaxMailKey);
}

TEST(StudentContextTest, EnrollmentOmitsUnknownValues) {
  EXPECT_THAT(
      StudentContext(Enrolled("e"), Cpp101(), Berlin()),
      IsJson(R"({"course":{"title":"C++ for Beginners","url":"https://lms.example/cpp-101"}})"));
}

TEST(StudentContextTest, DatesAreInTheSchoolTimeZone) {
  v1::Event event = Enrolled("e");
  event.mutable_student_enrolled()->mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(At("2026-11-22T23:30:00Z")));
  v1::CourseRef course = Cpp101();
  course.set_instructor_name("Grace");
  EXPECT_THAT(
      StudentContext(event, course, Berlin()),
      IsJson(
          R"({"course":{"title":"C++ for Beginners","url":"https://lms.example/cpp-101",)"
          R"("instructor_name":"Grace"},"enrollment":{"start_date":"Monday, 23 November 2026"}})"));
  EXPECT_EQ(FormatDate(At("2026-11-02T12:00:00Z"), Berlin()), "Monday, 2 November 2026");
}

TEST(StudentContextTest, PaymentHasAllValues) {
  v1::Event event = Paid("e", "pay-9");
  event.mutable_event_time()->set_seconds(absl::ToUnixSeconds(At("2026-11-23T12:00:00Z")));
  event.mutable_payment_succeeded()->set_receipt_url("https://lms.example/r");
  EXPECT_THAT(
      StudentContext(event, {}, Berlin()),
      IsJson(R"({"payment":{"amount":"49.99","currency":"EUR","reference":"pay-9",)"
             R"("paid_date":"Monday, 23 November 2026","receipt_url":"https://lms.example/r"}})"));
}

TEST(StudentContextTest, DemoClassTakesThePlaceOfAMissingCourse) {
  v1::Event event;
  auto& demo = *event.mutable_demo_class_attended();
  demo.set_class_title("A Taste of C++");
  EXPECT_THAT(
      StudentContext(event, {}, Berlin()),
      IsJson(R"({"course":{"title":"A Taste of C++"},"demo":{"class_title":"A Taste of C++"}})"));
  demo.set_enroll_url("https://lms.example/enroll");
  EXPECT_THAT(
      StudentContext(event, Cpp101(), Berlin()),
      IsJson(R"({"course":{"title":"C++ for Beginners","url":"https://lms.example/enroll"},)"
             R"("demo":{"class_title":"A Taste of C++"}})"));
}

TEST(ContentContextTest, ListsEachItemOnce) {
  v1::Event first = Published("e-1", "c-1");
  v1::Event second = Published("e-2", "c-2");
  second.mutable_content_published()->set_kind("video");
  second.mutable_content_published()->mutable_duration()->set_seconds(750);
  second.mutable_content_published()->clear_url();
  v1::Event again = Published("e-3", "c-1");
  again.mutable_content_published()->set_title("Corrected");
  EXPECT_THAT(
      ContentContext({first, second, again}, Cpp101()),
      IsJson(R"({"items":[{"url":"https://lms.example/cpp-101/c-1","title":"Corrected",)"
             R"("kind":"lesson"},{"url":"https://lms.example/cpp-101","title":"About c-2",)"
             R"("kind":"video","duration_minutes":13}],"course":{"title":"C++ for Beginners",)"
             R"("url":"https://lms.example/cpp-101"}})"));
}

TEST(ContentContextTest, ListsAtMostFiftyItems) {
  std::vector<v1::Event> events;
  for (int i = 0; i < 500; ++i) events.push_back(Published("e", "c-" + std::to_string(i)));
  const auto context = ContentContext(events, Cpp101());
  EXPECT_EQ(context.fields().at("items").list_value().values_size(), 50);
}

}  // namespace
}  // namespace lmsmail::scheduler
