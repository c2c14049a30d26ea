// Consent is checked when a mail is sent, not when it is accepted.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
using ::testing::Contains;
using ::testing::Gt;
using ::testing::Le;
using ::testing::Property;
using ::testing::SizeIs;
namespace pb = dispatch::v1;
namespace pref = preference::v1;

constexpr std::string_view kOptional = "tip";
constexpr std::string_view kMandatory = "receipt";

class PreferencesTest : public SuiteTest {
 protected:
  // Quiet hours apply only where local time is 5 to 7 hours ahead of UTC.
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

  // Sends a mail that stays queued until ResumeLane().
  static void SendToPausedLane(std::string_view template_id, std::string_view student) {
    ASSERT_OK(Pause(suite(), LaneOf(template_id)));
    ASSERT_OK(Send(suite(), Greet(template_id, student, fmt::format("queued/{}", student))));
    ASSERT_OK(WaitForState(suite(), student, pb::STATE_QUEUED));
  }
  static void ResumeLane(std::string_view template_id) {
    ASSERT_OK(Resume(suite(), LaneOf(template_id)));
  }

  static void ExpectSkipped(std::string_view student, pb::Reason reason) {
    ASSERT_OK_AND_ASSIGN(const pb::Message message,
                         WaitForState(suite(), student, pb::STATE_SKIPPED));
    EXPECT_EQ(message.reason(), reason) << pb::Reason_Name(message.reason());
    ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), message.name()));
    EXPECT_THAT(explained.entries(),
                Contains(AllOf(Property(&pb::TimelineEntry::kind, pb::TimelineEntry::KIND_SKIPPED),
                               Property(&pb::TimelineEntry::reason, reason))));
    EXPECT_EQ(suite().inbox().CountTo(AddressOf(student)), 0);
  }

  static absl::Status Suppress(std::string_view student) {
    pref::AddSuppressionRequest request;
    request.set_email_address(AddressOf(student));
    request.set_reason(pref::Suppression::REASON_MANUAL);
    return Call(suite().preferences(), &Preferences::AddSuppression, request).status();
  }

 private:
  static type::v1::Lane LaneOf(std::string_view template_id) {
    return template_id == kMandatory ? type::v1::LANE_TRANSACTIONAL : type::v1::LANE_NOTIFICATION;
  }
};

TEST_F(PreferencesTest, UnsubscribeAfterAcceptanceSkipsMail) {
  ASSERT_OK(Register(suite(), {"unsubscriber"}));
  SendToPausedLane(kOptional, "unsubscriber");
  ASSERT_OK(Unsubscribe(suite(), "unsubscriber", type::v1::CATEGORY_CONTENT));
  ResumeLane(kOptional);
  ExpectSkipped("unsubscriber", pb::REASON_UNSUBSCRIBED);
}

TEST_F(PreferencesTest, MandatoryMailIgnoresUnsubscribe) {
  ASSERT_OK(Register(suite(), {"buyer"}));
  ASSERT_OK(Unsubscribe(suite(), "buyer", type::v1::CATEGORY_CONTENT));
  ASSERT_OK(Send(suite(), Greet(kMandatory, "buyer", "receipt/buyer")));
  EXPECT_OK(suite().inbox().WaitForOne(AddressOf("buyer")));
}

TEST_F(PreferencesTest, LinkInMailUnsubscribesFromCategory) {
  ASSERT_OK(Register(suite(), {"clicker"}));
  ASSERT_OK(Send(suite(), Greet(kOptional, "clicker", "first/clicker")));
  ASSERT_OK_AND_ASSIGN(const ArrivedMail mail, suite().inbox().WaitForOne(AddressOf("clicker")));
  ASSERT_THAT(mail, OffersOneClickUnsubscribe());

  // <http://127.0.0.1:8080/...token>
  const std::string link = mail.header().at("list-unsubscribe");
  pref::OneClickUnsubscribeRequest request;
  request.set_token(link.substr(link.rfind('/') + 1, link.find('>') - link.rfind('/') - 1));
  ASSERT_OK_AND_ASSIGN(const pref::Link unsubscribed,
                       Call(suite().preferences(), &Preferences::OneClickUnsubscribe, request));
  for (const pref::CategoryPreference& each : unsubscribed.categories()) {
    EXPECT_EQ(each.subscribed(), each.category() != type::v1::CATEGORY_CONTENT);
  }

  ASSERT_OK_AND_ASSIGN(const pb::Message second,
                       Send(suite(), Greet(kOptional, "clicker", "second/clicker")));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), second.name()));
  EXPECT_EQ(explained.message().state(), pb::STATE_SKIPPED);
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("clicker")), 1);
}

TEST_F(PreferencesTest, SuppressedAddressGetsNoMandatoryMail) {
  ASSERT_OK(Register(suite(), {"suppressed"}));
  SendToPausedLane(kMandatory, "suppressed");
  ASSERT_OK(Suppress("suppressed"));
  ResumeLane(kMandatory);
  ExpectSkipped("suppressed", pb::REASON_SUPPRESSED);
}

TEST_F(PreferencesTest, UnknownRecipientIsSkipped) {
  ASSERT_OK(Send(suite(), Greet(kMandatory, "nobody", "receipt/nobody")));
  ExpectSkipped("nobody", pb::REASON_UNKNOWN_RECIPIENT);
}

TEST_F(PreferencesTest, DeletedRecipientIsSkipped) {
  ASSERT_OK(Register(suite(), {"erased"}));
  SendToPausedLane(kMandatory, "erased");
  pref::DeleteRecipientRequest request;
  request.set_name(NameOf("erased"));
  ASSERT_OK(Call(suite().preferences(), &Preferences::DeleteRecipient, request));
  ResumeLane(kMandatory);
  ExpectSkipped("erased", pb::REASON_UNKNOWN_RECIPIENT);
}

TEST_F(PreferencesTest, MailGoesToAddressAtSendTime) {
  ASSERT_OK(Register(suite(), {"mover"}));
  SendToPausedLane(kOptional, "mover");
  pref::UpsertRecipientsRequest request;
  auto& moved = *request.add_recipients();
  moved.set_name(NameOf("mover"));
  moved.set_email_address("new-address@students.example");
  ASSERT_OK(Call(suite().preferences(), &Preferences::UpsertRecipients, request));
  ResumeLane(kOptional);
  EXPECT_OK(suite().inbox().WaitForOne("new-address@students.example"));
  EXPECT_EQ(suite().inbox().CountTo(AddressOf("mover")), 0);
}

TEST_F(PreferencesTest, OptionalMailToAddressNeedsConsent) {
  pb::SendRequest request = Greet(kOptional, "unused", "bare/optional");
  request.mutable_target()->set_email_address("bare@students.example");
  ASSERT_OK_AND_ASSIGN(const pb::Message optional, Send(suite(), request));
  request.set_request_id("bare/mandatory");
  request.set_template_(fmt::format("templates/{}", kMandatory));
  ASSERT_OK(Send(suite(), request));

  EXPECT_OK(suite().inbox().WaitForOne("bare@students.example"));
  ASSERT_OK(WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const auto explained, Explain(suite(), optional.name()));
  EXPECT_EQ(explained.message().state(), pb::STATE_SKIPPED);
  EXPECT_EQ(explained.message().reason(), pb::REASON_NO_CONSENT);
  EXPECT_EQ(suite().inbox().CountTo("bare@students.example"), 1);
}

TEST_F(PreferencesTest, QuietHoursDeferOptionalMail) {
  pref::UpsertRecipientsRequest request;
  auto& asleep = *request.add_recipients();
  asleep.set_name(NameOf("asleep"));
  asleep.set_email_address(AddressOf("asleep"));
  asleep.set_time_zone("Etc/GMT-6");  // 6 hours ahead of UTC
  ASSERT_OK(Call(suite().preferences(), &Preferences::UpsertRecipients, request));

  ASSERT_OK_AND_ASSIGN(const pb::Message tip,
                       Send(suite(), Greet(kOptional, "asleep", "tip/asleep")));
  absl::StatusOr<pb::ExplainMessageResponse> explained;
  ASSERT_OK(WaitUntil("the mail is deferred", [&] {
    explained = Explain(suite(), tip.name());
    return explained.ok() && explained->message().reason() == pb::REASON_QUIET_HOURS;
  }));
  EXPECT_EQ(explained->message().state(), pb::STATE_QUEUED);
  EXPECT_EQ(explained->message().attempt_count(), 0);
  ASSERT_OK_AND_ASSIGN(const absl::Time next,
                       protobuf::FromProto(explained->message().next_attempt_time()));
  EXPECT_THAT(next - absl::Now(), AllOf(Gt(absl::ZeroDuration()), Le(absl::Hours(1))));

  ASSERT_OK(Send(suite(), Greet(kMandatory, "asleep", "receipt/asleep")));
  ASSERT_OK_AND_ASSIGN(const auto mails, suite().inbox().WaitFor(AddressOf("asleep"), 1));
  EXPECT_THAT(mails, SizeIs(1));
}

}  // namespace
}  // namespace lmsmail::integration
