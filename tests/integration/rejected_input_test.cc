// Invalid requests are rejected with all violations at once, each with its field and description.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/rpc/testing/matchers.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using rpc::HasViolation;
using ::testing::_;
using ::testing::AllOf;
using ::testing::HasSubstr;
namespace sch = scheduler::v1;
namespace pb = dispatch::v1;
namespace tpl = templates::v1;
constexpr auto kAlreadyExists = absl::StatusCode::kAlreadyExists;
constexpr auto kInvalidArgument = absl::StatusCode::kInvalidArgument;
constexpr auto kNotFound = absl::StatusCode::kNotFound;

class RejectedInputTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(CreateGreeting(suite(), "greeting", type::v1::CATEGORY_PAYMENT));
    ASSERT_OK(Register(suite(), {"zoe"}));
  }
};

TEST_F(RejectedInputTest, SendReportsEveryViolation) {
  pb::SendRequest request;
  request.set_template_("greeting");
  request.mutable_target()->set_recipient("zoe");
  request.set_language_code("Swedish, please");
  request.set_transport("pigeon");
  request.mutable_expire_time()->set_seconds(1);
  (*request.mutable_labels())["course"] = "cpp\r\nBcc: x";
  EXPECT_THAT(Send(suite(), request),
              AllOf(StatusIs(kInvalidArgument), HasViolation("request_id", _),
                    HasViolation("template", HasSubstr("templates/")),
                    HasViolation("target.recipient", HasSubstr("recipients/")),
                    HasViolation("language_code", HasSubstr("BCP 47")),
                    HasViolation("transport", HasSubstr("inbox")), HasViolation("expire_time", _),
                    HasViolation("labels[\"course\"]", _)));
}

TEST_F(RejectedInputTest, SendRequiresTarget) {
  pb::SendRequest request = Greet("greeting", "zoe", "without target");
  request.clear_target();
  EXPECT_THAT(Send(suite(), request), HasViolation("target", _));
}

TEST_F(RejectedInputTest, BatchReportsEachInvalidItem) {
  pb::SendBatchRequest request;
  request.mutable_header()->set_request_id("batch");
  request.mutable_header()->set_template_("templates/greeting");
  (*request.mutable_header()->mutable_shared_context()->mutable_fields())["word"].set_string_value(
      "all");
  request.add_items()->mutable_target()->set_recipient(NameOf("zoe"));
  request.add_items()->mutable_target()->set_email_address("two@@example.org");
  request.add_items();
  ASSERT_OK_AND_ASSIGN(const pb::SendBatchResponse response,
                       Call(suite().dispatch(), &Dispatch::SendBatch, request));
  EXPECT_EQ(response.accepted_count(), 1);
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).status().code(), 0);
  EXPECT_THAT(response.results(0).message(), HasSubstr("messages/"));
  for (const int i : {1, 2}) {
    EXPECT_EQ(response.results(i).status().code(), static_cast<int>(kInvalidArgument));
    EXPECT_THAT(response.results(i).status().message(), HasSubstr("target"));
  }
}

TEST_F(RejectedInputTest, UpsertRecipientsReportsEveryViolation) {
  preference::v1::UpsertRecipientsRequest request;
  for (const char* id : {"one", "two", "two"}) {
    auto& recipient = *request.add_recipients();
    recipient.set_name(NameOf(id));
    recipient.set_email_address("x@students.example");
  }
  request.mutable_recipients(0)->set_email_address("one@students.example\r\nBcc: y@example.org");
  request.mutable_recipients(0)->set_display_name("One\r\nBcc: y@example.org");
  request.mutable_recipients(0)->set_time_zone("Middle-earth/Shire");
  request.mutable_recipients(1)->set_language_code("!");
  const auto response = Call(suite().preferences(), &Preferences::UpsertRecipients, request);
  ASSERT_TRUE(response.ok()) << response.status();
  EXPECT_THAT(
      response->results(0).status().message(),
      AllOf(HasSubstr("email_address"), HasSubstr("display_name"), HasSubstr("IANA database")));
  EXPECT_THAT(response->results(1).status().message(), HasSubstr("language_code"));
  EXPECT_EQ(response->results(2).status().code(),
            static_cast<int>(absl::StatusCode::kAlreadyExists));
}

TEST_F(RejectedInputTest, CreateTemplateReportsEveryViolation) {
  tpl::CreateTemplateRequest request;
  request.set_template_id("Not An Id");
  auto& content = *request.mutable_template_()->add_contents();
  content.set_language_code("en");
  content.set_subject("Hello {{nobody}}");
  content.set_html("<p>{{#open}}</p>");
  content.set_text("");
  EXPECT_THAT(Call(suite().templates(), &Templates::CreateTemplate, request),
              AllOf(HasViolation("template_id", _), HasViolation("request_id", _),
                    HasViolation("template.category", _),
                    HasViolation("template.contents[0].subject", HasSubstr("nobody")),
                    HasViolation("template.contents[0].html", HasSubstr("open")),
                    HasViolation("template.contents[0].text", _)));
}

TEST_F(RejectedInputTest, PublishReportsEachInvalidEvent) {
  sch::Event empty;
  sch::Event paid = Paid("refused-1", "zoe", "");
  paid.mutable_payment_succeeded()->set_currency_code("gold");
  paid.mutable_payment_succeeded()->set_receipt_url("javascript:alert(1)");
  ASSERT_OK_AND_ASSIGN(const auto response,
                       Publish(suite(), {empty, paid, Paid("refused-2", "zoe", "good")}));
  ASSERT_EQ(response.results_size(), 3);
  EXPECT_EQ(response.results(0).status().code(), static_cast<int>(kInvalidArgument));
  EXPECT_THAT(response.results(0).status().message(), HasSubstr("event_id"));
  EXPECT_EQ(response.results(1).status().code(), static_cast<int>(kInvalidArgument));
  EXPECT_THAT(response.results(1).status().message(),
              AllOf(HasSubstr("payment_id"), HasSubstr("currency_code"), HasSubstr("receipt_url")));
  EXPECT_EQ(response.results(2).status().code(), 0) << response.results(2).status().message();
}

TEST_F(RejectedInputTest, CreateScheduleReportsEveryViolation) {
  sch::CreateScheduleRequest request;
  request.set_schedule_id("Nine O'Clock");
  request.mutable_schedule()->set_cron("0 25 * * *");
  request.mutable_schedule()->set_time_zone("Mars/Olympus");
  EXPECT_THAT(Call(suite().scheduler(), &Scheduler::CreateSchedule, request),
              AllOf(HasViolation("schedule_id", _), HasViolation("request_id", _),
                    HasViolation("schedule.cron", _), HasViolation("schedule.time_zone", _),
                    HasViolation("schedule.action", _)));
}

TEST_F(RejectedInputTest, ReportServiceReportsViolations) {
  report::v1::UpsertCoursesRequest courses;
  courses.add_courses()->set_name("course-1");
  const auto upserted = Call(suite().reports(), &Reports::UpsertCourses, courses);
  ASSERT_TRUE(upserted.ok()) << upserted.status();
  EXPECT_THAT(upserted->results(0).status().message(),
              AllOf(HasSubstr("name: "), HasSubstr("title: ")));

  report::v1::RecordActivityRequest activities;
  activities.add_activities()->set_student("zoe");
  const auto recorded = Call(suite().reports(), &Reports::RecordActivity, activities);
  ASSERT_TRUE(recorded.ok()) << recorded.status();
  EXPECT_THAT(recorded->results(0).status().message(),
              AllOf(HasSubstr("activity_id"), HasSubstr("student"), HasSubstr("course"),
                    HasSubstr("event")));

  report::v1::GenerateWeeklyReportsRequest week;
  week.set_week("2026-W60");
  EXPECT_THAT(Call(suite().reports(), &Reports::GenerateWeeklyReports, week),
              HasViolation("week", _));
}

TEST_F(RejectedInputTest, ReturnsNotFoundWithName) {
  Suite& s = suite();
  tpl::GetTemplateRequest absent_template;
  absent_template.set_name("templates/absent");
  EXPECT_THAT(Call(s.templates(), &Templates::GetTemplate, absent_template),
              StatusIs(kNotFound, HasSubstr("templates/absent")));
  preference::v1::GetRecipientRequest recipient;
  recipient.set_name("recipients/absent");
  EXPECT_THAT(Call(s.preferences(), &Preferences::GetRecipient, recipient),
              StatusIs(kNotFound, HasSubstr("recipients/absent")));
  pb::GetMessageRequest message;
  message.set_request_id("never accepted");
  EXPECT_THAT(Call(s.dispatch(), &Dispatch::GetMessage, message),
              StatusIs(kNotFound, HasSubstr("never accepted")));
  sch::GetScheduleRequest schedule;
  schedule.set_name("schedules/absent");
  EXPECT_THAT(Call(s.scheduler(), &Scheduler::GetSchedule, schedule),
              StatusIs(kNotFound, HasSubstr("schedules/absent")));
  sch::GetEventRequest event;
  event.set_event_id("absent");
  EXPECT_THAT(Call(s.scheduler(), &Scheduler::GetEvent, event), StatusIs(kNotFound));
  report::v1::GetCourseRequest course;
  course.set_name("courses/absent");
  EXPECT_THAT(Call(s.reports(), &Reports::GetCourse, course),
              StatusIs(kNotFound, HasSubstr("courses/absent")));

  EXPECT_THAT(Send(s, Greet("absent", "zoe", "no template")),
              StatusIs(kNotFound, HasSubstr("templates/absent")));
}

TEST_F(RejectedInputTest, ReusedRequestIdAlreadyExists) {
  const pb::SendRequest send = Greet("greeting", "zoe", "key");
  ASSERT_OK_AND_ASSIGN(const pb::Message first, Send(suite(), send));
  ASSERT_OK_AND_ASSIGN(const pb::Message again, Send(suite(), send));
  EXPECT_EQ(again.name(), first.name());
  EXPECT_THAT(Send(suite(), Greet("greeting", "somebody-else", "key")),
              StatusIs(kAlreadyExists, HasSubstr("key")));

  tpl::CreateTemplateRequest create;
  create.set_template_id("another");
  create.set_request_id("create/greeting");  // CreateGreeting used it
  create.mutable_template_()->set_category(type::v1::CATEGORY_DEMO);
  auto& content = *create.mutable_template_()->add_contents();
  content.set_language_code("en");
  content.set_subject("x");
  content.set_html("x");
  content.set_text("x");
  EXPECT_THAT(Call(suite().templates(), &Templates::CreateTemplate, create),
              StatusIs(kAlreadyExists));

  sch::CreateScheduleRequest schedule;
  schedule.set_schedule_id("sweep-often");
  schedule.set_request_id("schedule");
  schedule.mutable_schedule()->set_cron("0 0 1 1 *");
  schedule.mutable_schedule()->mutable_action()->mutable_sweep_queue();
  ASSERT_OK(Call(suite().scheduler(), &Scheduler::CreateSchedule, schedule));
  EXPECT_OK(Call(suite().scheduler(), &Scheduler::CreateSchedule, schedule));
  schedule.mutable_schedule()->set_cron("0 0 1 2 *");
  EXPECT_THAT(Call(suite().scheduler(), &Scheduler::CreateSchedule, schedule),
              StatusIs(kAlreadyExists));
}

TEST_F(RejectedInputTest, RejectsInvalidPageToken) {
  const std::string token = "bm90IGEgdG9rZW4";
  Suite& s = suite();
  tpl::ListTemplatesRequest list_templates;
  list_templates.set_page_token(token);
  EXPECT_THAT(Call(s.templates(), &Templates::ListTemplates, list_templates),
              HasViolation("page_token", _));
  preference::v1::ListRecipientsRequest recipients;
  recipients.set_page_token(token);
  EXPECT_THAT(Call(s.preferences(), &Preferences::ListRecipients, recipients),
              HasViolation("page_token", _));
  pb::ListMessagesRequest messages;
  messages.set_page_token(token);
  EXPECT_THAT(Call(s.dispatch(), &Dispatch::ListMessages, messages), HasViolation("page_token", _));
  report::v1::ListCoursesRequest courses;
  courses.set_page_token(token);
  EXPECT_THAT(Call(s.reports(), &Reports::ListCourses, courses), HasViolation("page_token", _));
  sch::ListSchedulesRequest schedules;
  schedules.set_page_token(token);
  EXPECT_THAT(Call(s.scheduler(), &Scheduler::ListSchedules, schedules),
              HasViolation("page_token", _));
}

}  // namespace
}  // namespace lmsmail::integration
