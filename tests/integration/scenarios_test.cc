// The five kinds of mail to a student, from the public API to the inbox.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/mail_matchers.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
namespace sch = scheduler::v1;
namespace pb = dispatch::v1;

class ScenariosTest : public SuiteTest {
 protected:
  static void SetUpTestSuite() {
    SuiteTest::SetUpTestSuite();
    ASSERT_OK(SetCollectWindow(suite(), absl::Seconds(2)));
    ASSERT_OK(AddCourse(suite(), "statistics", "Statistics & Probability"));
  }

  // Expects that the student's only mail is logged as sent from this template.
  static void ExpectLogged(std::string_view student, std::string_view template_id) {
    ASSERT_OK_AND_ASSIGN(const pb::Message message, WaitForState(suite(), student, pb::STATE_SENT));
    EXPECT_THAT(message.template_version(),
                HasSubstr(fmt::format("templates/{}/versions/", template_id)));
    ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), message.name()));
    ASSERT_THAT(explained.entries(), Not(IsEmpty()));
    EXPECT_EQ(explained.entries().begin()->kind(), pb::TimelineEntry::KIND_ACCEPTED);
    EXPECT_EQ(explained.entries().rbegin()->kind(), pb::TimelineEntry::KIND_SENT);
    EXPECT_EQ(explained.entries().rbegin()->reply_code(), 250);
    EXPECT_THAT(explained.summary(), Not(IsEmpty()));
  }

  // Expects that the log can still reproduce the mail, verified by its hash.
  static void ExpectReproducible(std::string_view student) {
    ASSERT_OK_AND_ASSIGN(const auto mails, MailTo(suite(), student));
    ASSERT_THAT(mails, SizeIs(1));
    pb::GetMessageRequest request;
    request.set_name(mails[0].name());
    request.set_view(pb::MESSAGE_VIEW_FULL);
    ASSERT_OK_AND_ASSIGN(const pb::Message message,
                         Call(suite().dispatch(), &Dispatch::GetMessage, request));
    EXPECT_TRUE(message.raw_verified()) << message.raw_unavailable_reason();
    EXPECT_THAT(message.raw(), HasSubstr("\r\nMessage-ID:"));
  }
};

TEST_F(ScenariosTest, EnrolmentIsConfirmed) {
  ASSERT_OK(Register(suite(), {"enrolled"}));
  ASSERT_OK(Publish(suite(), {Enrolled("enrolment-1", "enrolled", "statistics")}));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("enrolled")));
  EXPECT_THAT(mail, IsWellFormedTo(AddressOf("enrolled")));
  EXPECT_THAT(mail, OffersNoUnsubscribe());
  EXPECT_THAT(mail, HasHeader("subject", "You're enrolled: Statistics & Probability"));
  EXPECT_THAT(mail, HasHeader("to", HasSubstr("Zoë Lindqvist")));
  EXPECT_THAT(mail.text(), AllOf(HasSubstr("Zoë"), HasSubstr("Statistics & Probability"),
                                 HasSubstr("https://learn.example/courses/statistics")));
  EXPECT_THAT(mail.html(), HasSubstr("Statistics &amp; Probability"));
  ExpectLogged("enrolled", "enrollment");
  ExpectReproducible("enrolled");
}

TEST_F(ScenariosTest, DemoClassIsFollowedUp) {
  ASSERT_OK(Register(suite(), {"attended"}));
  ASSERT_OK(Publish(suite(), {Attended("demo-1", "attended", "statistics")}));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("attended")));
  EXPECT_THAT(mail, IsWellFormedTo(AddressOf("attended")));
  EXPECT_THAT(mail, OffersOneClickUnsubscribe());
  EXPECT_THAT(mail, HasHeader("subject", "Thank you for joining Your first watercolour"));
  EXPECT_THAT(mail.text(), HasSubstr("Marisol Vega"));
  ExpectLogged("attended", "demo_completed");
}

TEST_F(ScenariosTest, PaymentIsConfirmed) {
  ASSERT_OK(Register(suite(), {"payer"}));
  ASSERT_OK(Publish(suite(), {Paid("payment-1", "payer", "pay-1")}));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("payer")));
  EXPECT_THAT(mail, IsWellFormedTo(AddressOf("payer")));
  EXPECT_THAT(mail, OffersNoUnsubscribe());
  EXPECT_THAT(mail, HasHeader("subject", "Your payment of EUR\u00a0149.00 (pay-1)"));
  EXPECT_THAT(mail.text(), AllOf(HasSubstr("EUR\u00a0149.00"), HasSubstr("pay-1"),
                                 HasSubstr("https://learn.example/receipts/pay-1")));
  ExpectLogged("payer", "payment_confirmation");
}

TEST_F(ScenariosTest, NewContentIsCollectedIntoOneMail) {
  ASSERT_OK(Register(suite(), {"reader", "other"}));
  ASSERT_OK(AddCourse(suite(), "collected", "Drawing"));
  ASSERT_OK(Admit(suite(), "collected", {"reader", "other"}));
  ASSERT_OK(Publish(suite(), {Published("new-1", "collected", "video-1", "Lines"),
                              Published("new-2", "collected", "video-2", "Shades"),
                              Published("new-3", "collected", "video-3", "Light <3")}));
  for (const std::string_view student : {"reader", "other"}) {
    ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf(student)));
    EXPECT_THAT(mail, IsWellFormedTo(AddressOf(student)));
    EXPECT_THAT(mail, OffersOneClickUnsubscribe());
    EXPECT_THAT(mail, HasHeader("subject", "New in Drawing"));
    EXPECT_THAT(mail.text(), AllOf(HasSubstr("Lines"), HasSubstr("Shades"), HasSubstr("Light <3"),
                                   HasSubstr("https://learn.example/courses/collected/video-2")));
    EXPECT_THAT(mail.html(), AllOf(HasSubstr("Light &lt;3"), Not(HasSubstr("<3"))));
    ExpectLogged(student, "new_content");
  }
}

TEST_F(ScenariosTest, WeeklyProgressIsReported) {
  ASSERT_OK(Register(suite(), {"learner"}));
  ASSERT_OK(AddCourse(suite(), "weekly", "Carpentry"));
  ASSERT_OK(Admit(suite(), "weekly", {"learner"}));
  report::v1::RecordActivityRequest activities;
  auto& lesson = *activities.add_activities();
  lesson.set_activity_id("lesson-1/learner");
  lesson.set_student(NameOf("learner"));
  lesson.set_course("courses/weekly");
  // The same weekday of the previous week.
  *lesson.mutable_activity_time() = protobuf::ToProto(absl::Now() - absl::Hours(7 * 24));
  lesson.mutable_lesson_completed()->set_lesson_id("lesson-1");
  lesson.mutable_lesson_completed()->set_lesson_title("Dovetails");
  ASSERT_OK(Call(suite().reports(), &Reports::RecordActivity, activities));

  sch::RunScheduleRequest run;
  run.set_name("schedules/weekly-progress");
  for (const char* request_id : {"week", "the same week again"}) {
    run.set_request_id(request_id);
    ASSERT_OK_AND_ASSIGN(const sch::ScheduleRun started,
                         Call(suite().scheduler(), &Scheduler::RunSchedule, run));
    EXPECT_THAT(started.name(), HasSubstr("schedules/weekly-progress/runs/"));
  }
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("learner")));
  EXPECT_THAT(mail, IsWellFormedTo(AddressOf("learner")));
  EXPECT_THAT(mail, OffersOneClickUnsubscribe());
  EXPECT_THAT(mail, HasHeader("subject", HasSubstr("Your week at School of Tests")));
  EXPECT_THAT(mail.text(), HasSubstr("Carpentry"));
  ExpectLogged("learner", "weekly_progress");

  sch::ListScheduleRunsRequest list;
  list.set_parent("schedules/weekly-progress");
  ASSERT_OK(WaitUntil("both runs have SUCCEEDED", [&] {
    const auto runs = Call(suite().scheduler(), &Scheduler::ListScheduleRuns, list);
    return runs.ok() && runs->runs_size() == 2 &&
           std::ranges::all_of(runs->runs(), [](const sch::ScheduleRun& each) {
             return each.state() == sch::ScheduleRun::STATE_SUCCEEDED;
           });
  }));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("learner")), 1);
}

TEST_F(ScenariosTest, RepeatedEventCausesNoSecondMail) {
  ASSERT_OK(Register(suite(), {"repeated"}));
  const sch::Event event = Enrolled("repeated-1", "repeated", "statistics");
  ASSERT_OK_AND_ASSIGN(const auto first, Publish(suite(), {event}));
  EXPECT_FALSE(first.results(0).duplicate());
  ASSERT_OK(suite().inbox().WaitForOne(AddressOf("repeated")));
  ASSERT_OK_AND_ASSIGN(const auto second, Publish(suite(), {event, event}));
  for (const auto& result : second.results()) {
    EXPECT_EQ(result.status().code(), 0) << result.status().message();
    EXPECT_TRUE(result.duplicate());
  }
  ASSERT_OK(WaitUntilDone(suite(), "repeated-1"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("repeated")), 1);
}

TEST_F(ScenariosTest, SeveralEventsForOnePaymentCauseOneMail) {
  ASSERT_OK(Register(suite(), {"twice"}));
  ASSERT_OK(Publish(
      suite(), {Paid("twice-1", "twice", "pay-twice"), Paid("twice-2", "twice", "pay-twice")}));
  ASSERT_OK(suite().inbox().WaitForOne(AddressOf("twice")));
  for (const char* event : {"twice-1", "twice-2"}) ASSERT_OK(WaitUntilDone(suite(), event));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("twice")), 1);

  ASSERT_OK(Publish(suite(), {Paid("twice-3", "twice", "another-payment")}));
  ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().WaitFor(AddressOf("twice"), 2));
  EXPECT_THAT(mails, SizeIs(2));
}

TEST_F(ScenariosTest, ReusedEventIdIsRejected) {
  ASSERT_OK(Register(suite(), {"changed"}));
  ASSERT_OK(Publish(suite(), {Paid("changed-1", "changed", "pay-a")}));
  ASSERT_OK_AND_ASSIGN(const auto response,
                       Publish(suite(), {Paid("changed-1", "changed", "pay-b")}));
  ASSERT_EQ(response.results_size(), 1);
  EXPECT_EQ(response.results(0).status().code(), static_cast<int>(absl::StatusCode::kAlreadyExists))
      << response.results(0).status().message();
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("changed")));
  EXPECT_THAT(mail.text(), HasSubstr("pay-a"));
}

TEST_F(ScenariosTest, LeavingCourseCancelsQueuedMail) {
  ASSERT_OK(Register(suite(), {"leaver", "stayer"}));
  ASSERT_OK(AddCourse(suite(), "left", "Juggling"));
  ASSERT_OK(Admit(suite(), "left", {"leaver", "stayer"}));
  ASSERT_OK(Pause(suite(), type::v1::LANE_NOTIFICATION));
  ASSERT_OK(Publish(suite(), {Published("left-1", "left", "video-1", "Three balls")}));
  ASSERT_OK(WaitForState(suite(), "leaver", pb::STATE_QUEUED));
  ASSERT_OK(WaitForState(suite(), "stayer", pb::STATE_QUEUED));

  sch::Event left;
  left.set_event_id("left-2");
  left.mutable_student_unenrolled()->set_student(NameOf("leaver"));
  left.mutable_student_unenrolled()->set_course_id("left");
  ASSERT_OK(Publish(suite(), {left}));
  ASSERT_OK(WaitForState(suite(), "leaver", pb::STATE_CANCELLED));
  ASSERT_OK(Resume(suite(), type::v1::LANE_NOTIFICATION));
  ASSERT_OK(suite().inbox().WaitForOne(AddressOf("stayer")));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("leaver")), 0);
}

}  // namespace
}  // namespace lmsmail::integration
