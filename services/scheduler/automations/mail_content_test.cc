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

v1::Event EnrolledAt(const char* time) {
  v1::Event event = Enrolled("e");
  event.mutable_event_time()->set_seconds(absl::ToUnixSeconds(At(time)));
  return event;
}

TEST(StudentContextTest, EnrollmentOmitsUnknownValues) {
  v1::CourseRef course = Cpp101();
  course.clear_url();
  EXPECT_THAT(StudentContext(EnrolledAt("2026-11-20T10:00:00Z"), course, Berlin()),
              IsJson(R"({"course":{"title":"C++ for Beginners"},)"
                     R"("enrollment":{"enrolled_at":"2026-11-20T10:00:00Z",)"
                     R"("course":{"title":"C++ for Beginners"}}})"));
}

std::string StartDate(const char* start) {
  v1::Event event = EnrolledAt("2026-11-20T10:00:00Z");
  event.mutable_student_enrolled()->mutable_start_time()->set_seconds(
      absl::ToUnixSeconds(At(start)));
  return StudentContext(event, Cpp101(), Berlin())
      .fields()
      .at("enrollment")
      .struct_value()
      .fields()
      .at("start_date")
      .string_value();
}

TEST(StudentContextTest, TimesArePassedAsTheyAre) {
  EXPECT_EQ(StartDate("2026-11-22T23:30:00Z"), "2026-11-22T23:30:00Z");
  EXPECT_EQ(StartDate("2026-11-22T12:00:00+02:00"), "2026-11-22T10:00:00Z");
}

TEST(StudentContextTest, MidnightAtTheSchoolIsADay) {
  EXPECT_EQ(StartDate("2026-11-22T23:00:00Z"), "2026-11-23");
  EXPECT_EQ(StartDate("2026-07-01T00:00:00+02:00"), "2026-07-01");
}

TEST(StudentContextTest, PaymentHasAllValues) {
  v1::Event event = Paid("e", "pay-9");
  event.mutable_event_time()->set_seconds(absl::ToUnixSeconds(At("2026-11-23T12:00:00Z")));
  event.mutable_payment_succeeded()->set_receipt_url("https://lms.example/r");
  EXPECT_THAT(StudentContext(event, {}, Berlin()),
              IsJson(R"({"payment":{"amount":{"amount_minor":"4999","currency_code":"EUR"},)"
                     R"("reference":"pay-9","paid_date":"2026-11-23T12:00:00Z",)"
                     R"("receipt_url":"https://lms.example/r"}})"));
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
  EXPECT_EQ(context.fields().at("more_items").number_value(), 450);
}

TEST(ContentContextTest, KnowsTheCommonKindsInAnyCase) {
  v1::Event video = Published("e-1", "c-1");
  video.mutable_content_published()->set_kind("VIDEO");
  v1::Event game = Published("e-2", "c-2");
  game.mutable_content_published()->set_kind("Board Game");
  const auto context = ContentContext({video, game}, Cpp101());
  const auto& items = context.fields().at("items").list_value().values();
  EXPECT_EQ(items[0].struct_value().fields().at("kind").string_value(), "video");
  EXPECT_EQ(items[1].struct_value().fields().at("kind").string_value(), "Board Game");
}

}  // namespace
}  // namespace lmsmail::scheduler
