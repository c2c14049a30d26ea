// Whether a mail may go is decided at the moment of sending, not when it is accepted.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/time/clock.h"

#include "libs/rpc/time.h"
#include "tests/integration/mail_matchers.h"
#include "tests/integration/school.h"
#include "tests/integration/suite_test.h"
#include "tests/integration/wait.h"

namespace lmsmail::integration {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Gt;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Property;
using ::testing::SizeIs;
namespace out = dispatch::v1;
namespace pref = preference::v1;

// Optional mail, mandatory mail, and the lanes they take by default.
constexpr std::string_view kOptional = "tip";
constexpr std::string_view kMandatory = "receipt";

class PreferencesTest : public SuiteTest {
 protected:
  // It is night where the clock is 5 to 7 hours ahead of UTC's, and nowhere else.
  static void SetUpTestSuite() {
    const absl::Time now = absl::Now();
    const auto at = [&](int hours) {
      return absl::FormatTime("%H:%M", now + absl::Hours(hours), absl::UTCTimeZone());
    };
    StartSuite({.services = {"template", "preference", "dispatch"},
                .flags = {{"preference",
                           {fmt::format("--quiet_hours.start={}", at(5)),
                            fmt::format("--quiet_hours.end={}", at(7))}}}});
    ASSERT_OK(CreateGreeting(suite(), kOptional, type::v1::CATEGORY_CONTENT));
    ASSERT_OK(CreateGreeting(suite(), kMandatory, type::v1::CATEGORY_PAYMENT));
  }

  void SetUp() override {
    SuiteTest::SetUp();
    for (const auto lane : {type::v1::LANE_NOTIFICATION, type::v1::LANE_TRANSACTIONAL}) {
      ASSERT_OK(Resume(suite(), lane));
    }
  }

  // Accepts a mail that waits until Resume().
  static void Hold(std::string_view template_id, std::string_view student) {
    ASSERT_OK(Pause(suite(), LaneOf(template_id)));
    ASSERT_OK(Send(suite(), Greet(template_id, student, fmt::format("held/{}", student))));
    ASSERT_OK(WaitForState(suite(), student, out::STATE_QUEUED));
  }
  static void Release(std::string_view template_id) {
    ASSERT_OK(Resume(suite(), LaneOf(template_id)));
  }

  static void ExpectSkipped(std::string_view student, out::Reason reason) {
    ASSERT_OK_AND_ASSIGN(const out::Message message,
                         WaitForState(suite(), student, out::STATE_SKIPPED));
    EXPECT_EQ(message.reason(), reason) << out::Reason_Name(message.reason());
    ASSERT_OK_AND_ASSIGN(const auto story, Explain(suite(), message.name()));
    EXPECT_THAT(
        story.entries(),
        Contains(AllOf(Property(&out::TimelineEntry::kind, out::TimelineEntry::KIND_SKIPPED),
                       Property(&out::TimelineEntry::reason, reason))));
    EXPECT_EQ(suite().inbox().CountTo(AddressOf(student)), 0);
  }

  static absl::Status Unsubscribe(std::string_view student) {
    pref::UnsubscribeRequest request;
    request.set_name(NameOf(student));
    request.set_category(type::v1::CATEGORY_CONTENT);
    return rpc::Call(suite().preferences(), &Preferences::Unsubscribe, request, Soon()).status();
  }

  static absl::Status Suppress(std::string_view student) {
    pref::AddSuppressionRequest request;
    request.set_email_address(AddressOf(student));
    request.set_reason(pref::Suppression::REASON_MANUAL);
    return rpc::Call(suite().preferences(), &Preferences::AddSuppression, request, Soon()).status();
  }

 private:
  static type::v1::Lane LaneOf(std::string_view template_id) {
    return template_id == kMandatory ? type::v1::LANE_TRANSACTIONAL : type::v1::LANE_NOTIFICATION;
  }
};

TEST_F(PreferencesTest, WhoUnsubscribedAfterTheMailWasAcceptedGetsNothing) {
  ASSERT_OK(Register(suite(), {"unsubscriber"}));
  Hold(kOptional, "unsubscriber");
  ASSERT_OK(Unsubscribe("unsubscriber"));
  Release(kOptional);
  ExpectSkipped("unsubscriber", out::REASON_UNSUBSCRIBED);
}

TEST_F(PreferencesTest, AMandatoryMailGoesToWhoUnsubscribed) {
  ASSERT_OK(Register(suite(), {"buyer"}));
  ASSERT_OK(Unsubscribe("buyer"));
  ASSERT_OK(Send(suite(), Greet(kMandatory, "buyer", "receipt/buyer")));
  EXPECT_OK(suite().inbox().WaitForOne(AddressOf("buyer")));
}

TEST_F(PreferencesTest, TheLinkInAMailUnsubscribesFromItsCategory) {
  ASSERT_OK(Register(suite(), {"clicker"}));
  ASSERT_OK(Send(suite(), Greet(kOptional, "clicker", "first/clicker")));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("clicker")));
  ASSERT_THAT(mail, OffersOneClickUnsubscribe());

  // <http://127.0.0.1:8080/...token>
  const std::string link = mail.header().at("list-unsubscribe");
  pref::UnsubscribeRequest request;
  request.set_token(link.substr(link.rfind('/') + 1, link.find('>') - link.rfind('/') - 1));
  ASSERT_OK_AND_ASSIGN(
      const pref::Preferences preferences,
      rpc::Call(suite().preferences(), &Preferences::Unsubscribe, request, Soon()));
  EXPECT_EQ(preferences.name(), NameOf("clicker") + "/preferences");
  for (const pref::CategoryPreference& each : preferences.categories()) {
    EXPECT_EQ(each.subscribed(), each.category() != type::v1::CATEGORY_CONTENT);
  }

  ASSERT_OK_AND_ASSIGN(const out::Message second,
                       Send(suite(), Greet(kOptional, "clicker", "second/clicker")));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite()));
  ASSERT_OK_AND_ASSIGN(const auto story, Explain(suite(), second.name()));
  EXPECT_EQ(story.message().state(), out::STATE_SKIPPED);
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("clicker")), 1);
}

TEST_F(PreferencesTest, ASuppressedAddressGetsNotEvenMandatoryMail) {
  ASSERT_OK(Register(suite(), {"suppressed"}));
  Hold(kMandatory, "suppressed");
  ASSERT_OK(Suppress("suppressed"));
  Release(kMandatory);
  ExpectSkipped("suppressed", out::REASON_SUPPRESSED);
}

TEST_F(PreferencesTest, AnUnknownRecipientIsSkipped) {
  ASSERT_OK(Send(suite(), Greet(kMandatory, "nobody", "receipt/nobody")));
  ExpectSkipped("nobody", out::REASON_UNKNOWN_RECIPIENT);
}

TEST_F(PreferencesTest, WhoWasErasedGetsNothing) {
  ASSERT_OK(Register(suite(), {"erased"}));
  Hold(kMandatory, "erased");
  pref::DeleteRecipientRequest request;
  request.set_name(NameOf("erased"));
  ASSERT_OK(rpc::Call(suite().preferences(), &Preferences::DeleteRecipient, request, Soon()));
  Release(kMandatory);
  ExpectSkipped("erased", out::REASON_UNKNOWN_RECIPIENT);
}

TEST_F(PreferencesTest, AMailGoesToTheAddressOfTheMomentItIsSent) {
  ASSERT_OK(Register(suite(), {"mover"}));
  Hold(kOptional, "mover");
  pref::UpsertRecipientsRequest request;
  auto& moved = *request.add_recipients();
  moved.set_name(NameOf("mover"));
  moved.set_email_address("new-address@students.example");
  ASSERT_OK(rpc::Call(suite().preferences(), &Preferences::UpsertRecipients, request, Soon()));
  Release(kOptional);
  EXPECT_OK(suite().inbox().WaitForOne("new-address@students.example"));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("mover")), 0);
}

TEST_F(PreferencesTest, WhoseCategoryIsOptionalNeedsConsentThatABareAddressNeverGave) {
  out::SendRequest request = Greet(kOptional, "unused", "bare/optional");
  request.mutable_target()->set_email_address("bare@students.example");
  ASSERT_OK_AND_ASSIGN(const out::Message optional, Send(suite(), request));
  request.set_request_id("bare/mandatory");
  request.set_template_(fmt::format("templates/{}", kMandatory));
  ASSERT_OK(Send(suite(), request));

  EXPECT_OK(suite().inbox().WaitForOne("bare@students.example"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite()));
  ASSERT_OK_AND_ASSIGN(const auto story, Explain(suite(), optional.name()));
  EXPECT_EQ(story.message().state(), out::STATE_SKIPPED);
  EXPECT_EQ(story.message().reason(), out::REASON_NO_CONSENT);
  EXPECT_EQ(suite().inbox().CountTo("bare@students.example"), 1);
}

TEST_F(PreferencesTest, OptionalMailWaitsForTheMorning) {
  pref::UpsertRecipientsRequest request;
  auto& asleep = *request.add_recipients();
  asleep.set_name(NameOf("asleep"));
  asleep.set_email_address(AddressOf("asleep"));
  asleep.set_time_zone("Etc/GMT-6");  // 6 hours ahead of UTC
  ASSERT_OK(rpc::Call(suite().preferences(), &Preferences::UpsertRecipients, request, Soon()));

  ASSERT_OK_AND_ASSIGN(const out::Message tip,
                       Send(suite(), Greet(kOptional, "asleep", "tip/asleep")));
  absl::StatusOr<out::ExplainMessageResponse> story;
  ASSERT_OK(WaitUntil("the mail is put off", [&] {
    story = Explain(suite(), tip.name());
    return story.ok() && story->message().reason() == out::REASON_QUIET_HOURS;
  }));
  EXPECT_EQ(story->message().state(), out::STATE_QUEUED);
  EXPECT_EQ(story->message().attempt_count(), 0);
  ASSERT_OK_AND_ASSIGN(const absl::Time next, rpc::FromProto(story->message().next_attempt_time()));
  EXPECT_THAT(next - absl::Now(), AllOf(Gt(absl::ZeroDuration()), Le(absl::Hours(1))));

  ASSERT_OK(Send(suite(), Greet(kMandatory, "asleep", "receipt/asleep")));
  ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().WaitFor(AddressOf("asleep"), 1));
  EXPECT_THAT(mails, SizeIs(1));
}

}  // namespace
}  // namespace lmsmail::integration
