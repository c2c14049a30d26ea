#include "services/gateway/bounces/report_intake.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"

#include "libs/resource_name/numeric_id.h"
#include "libs/testing/status_matchers.h"
#include "services/gateway/testing/fake_event_log.h"
#include "services/gateway/testing/sample_reports.h"

namespace lmsmail::gateway {
namespace {

using Outcome = ReportIntake::Result::Outcome;
using ::testing::IsEmpty;
using ::testing::SizeIs;

token::KeyRing Ring(const std::string& id, char digit) {
  return token::KeyRing::Parse(id + ":" + std::string(64, digit)).value();
}

// Reports about mail 4711, which went to ada@students.example.
class ReportIntakeTest : public ::testing::Test {
 protected:
  static constexpr std::int64_t kMail = 4711;
  static constexpr char kFeedbackAddress[] = "fbl@bounces.school.example";

  static std::string AddressOf(std::int64_t mail, const return_path::ReturnPaths& paths,
                               std::string_view to = "ada@students.example") {
    return paths.LocalPart(mail, address::ParseEmailAddress(to).value()) +
           "@bounces.school.example";
  }
  Outcome Accept(std::string_view recipient, std::string_view message) {
    const auto result = intake_.Accept(recipient, message);
    EXPECT_OK(result);
    return result.ok() ? result->outcome : Outcome::kForged;
  }
  Outcome AcceptSample(std::string_view name) { return Accept(own_, SampleReport(name)); }
  // The only event; it is about the mail.
  ProviderEvent Event() {
    EXPECT_THAT(log_.events, SizeIs(1));
    if (log_.events.empty()) return {};
    EXPECT_EQ(log_.events[0].message, "messages/" + resource_name::EncodeId(kMail));
    EXPECT_EQ(log_.events[0].message_id, "");
    EXPECT_LE(log_.events[0].event_id.size(), kMaxEventId);
    return log_.events[0];
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeEventLog log_;
  const return_path::ReturnPaths paths_{Ring("k1", 'a')};
  const std::string own_ = AddressOf(kMail, paths_);
  ReportIntake intake_{paths_, clock_, log_};
};

TEST_F(ReportIntakeTest, ABounceOfTheAddress) {
  EXPECT_EQ(AcceptSample("postfix_failed"), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kBounced);
  EXPECT_FALSE(Event().at_other_address);
  EXPECT_THAT(Event().detail, ::testing::StartsWith("550 5.1.1 "));
  EXPECT_EQ(Event().event_id, "report-bounced-" + resource_name::EncodeId(kMail));
}

TEST_F(ReportIntakeTest, KnowsTheAddressInOtherSpellings) {
  EXPECT_EQ(Accept(absl::AsciiStrToUpper(own_), SampleReport("exchange_german_failed")),
            Outcome::kRecorded);
  EXPECT_FALSE(Event().at_other_address);
  log_.events.clear();
  const std::string international = AddressOf(kMail, paths_, "äda@students.example");
  EXPECT_EQ(Accept(international, SampleReport("global_failed")), Outcome::kRecorded);
  EXPECT_FALSE(Event().at_other_address);
}

TEST_F(ReportIntakeTest, ABounceOfAForwardedMailIsNotThatOfTheAddress) {
  EXPECT_EQ(AcceptSample("forwarded_failed"), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kBounced);
  EXPECT_TRUE(Event().at_other_address);
}

TEST_F(ReportIntakeTest, DelaysAndDeliveries) {
  EXPECT_EQ(AcceptSample("postfix_delayed"), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kDeferred);
  log_.events.clear();
  for (const char* const action : {"delivered", "relayed", "expanded"}) {
    EXPECT_EQ(
        Accept(own_, absl::StrReplaceAll(SampleReport("postfix_delayed"), {{"delayed", action}})),
        Outcome::kRecorded);
    EXPECT_EQ(Event().type, EventType::kDelivered);
    log_.events.clear();
  }
  EXPECT_EQ(
      Accept(own_, absl::StrReplaceAll(SampleReport("postfix_delayed"), {{"delayed", "lost"}})),
      Outcome::kIgnored);
}

TEST_F(ReportIntakeTest, OfSeveralRecipientsTheMailsOwnCounts) {
  const auto report = [](std::string_view groups) {
    return absl::StrReplaceAll(
        "Subject: x\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nGROUPS",
        {{"GROUPS", {groups.data(), groups.size()}}});
  };
  EXPECT_EQ(Accept(own_, report("Final-Recipient: rfc822; bob@students.example\nAction: failed\n"
                                "Status: 5.1.1\n\nFinal-Recipient: rfc822; ada@students.example\n"
                                "Action: delivered\n")),
            Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kDelivered);
  log_.events.clear();
  // Forwarded to two, one of whom got it.
  EXPECT_EQ(Accept(own_, report("Final-Recipient: rfc822; a@home.example\nAction: failed\n\n"
                                "Final-Recipient: rfc822; b@home.example\nAction: delivered\n")),
            Outcome::kIgnored);
  EXPECT_EQ(Accept(own_, report("Final-Recipient: rfc822; a@home.example\nAction: failed\n\n"
                                "Final-Recipient: rfc822; b@home.example\nAction: failed\n")),
            Outcome::kRecorded);
  EXPECT_TRUE(Event().at_other_address);
  log_.events.clear();
  EXPECT_EQ(Accept(own_, report("")), Outcome::kIgnored);
}

TEST_F(ReportIntakeTest, AClassicBounceMustNameTheAddress) {
  EXPECT_EQ(AcceptSample("qmail_failed"), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kBounced);
  log_.events.clear();
  EXPECT_EQ(AcceptSample("exim_failed"), Outcome::kRecorded);
  EXPECT_EQ(Event().detail, "550 5.2.2 mailbox full");
  log_.events.clear();
  const std::string other = AddressOf(kMail, paths_, "grace@students.example");
  EXPECT_EQ(Accept(other, SampleReport("qmail_failed")), Outcome::kIgnored);
  EXPECT_EQ(Accept(other, SampleReport("exim_failed")), Outcome::kIgnored);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(ReportIntakeTest, AComplaintToTheReturnPath) {
  EXPECT_EQ(AcceptSample("arf_abuse"), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kComplained);
}

TEST_F(ReportIntakeTest, AComplaintThatTellsTheReturnPath) {
  const std::string report =
      absl::StrReplaceAll(SampleReport("arf_abuse"), {{"bounces@school.example", own_}});
  EXPECT_EQ(Accept(kFeedbackAddress, report), Outcome::kRecorded);
  EXPECT_EQ(Event().type, EventType::kComplained);
  EXPECT_EQ(Event().event_id, "report-complained-" + resource_name::EncodeId(kMail));
}

TEST_F(ReportIntakeTest, AComplaintThatTellsTheMessageId) {
  EXPECT_EQ(Accept(kFeedbackAddress, SampleReport("arf_abuse")), Outcome::kRecorded);
  ASSERT_THAT(log_.events, SizeIs(1));
  EXPECT_EQ(log_.events[0].message, "");
  EXPECT_EQ(log_.events[0].message_id, "<0000000000001.01234567@school.example>");
  const std::string redacted =
      absl::StrReplaceAll(SampleReport("arf_abuse"), {{"Message-ID:", "X-Removed:"}});
  EXPECT_EQ(Accept(kFeedbackAddress, redacted), Outcome::kUnassigned);
  EXPECT_THAT(log_.events, SizeIs(1));
}

TEST_F(ReportIntakeTest, OnlyRecipientsComplain) {
  EXPECT_EQ(AcceptSample("arf_not_spam"), Outcome::kIgnored);
  for (const auto& [type, expected] :
       {std::pair{"Fraud", EventType::kComplained}, std::pair{"opt-out", EventType::kUnsubscribed},
        std::pair{"virus", EventType::kUnknown}, std::pair{"other", EventType::kUnknown},
        std::pair{"auth-failure", EventType::kUnknown}, std::pair{"", EventType::kUnknown}}) {
    log_.events.clear();
    const std::string report = absl::StrReplaceAll(SampleReport("arf_abuse"),
                                                   {{"Type: abuse", std::string("Type: ") + type}});
    const bool recorded = expected != EventType::kUnknown;
    clock_.Advance(absl::Hours(1));
    EXPECT_EQ(Accept(own_, report), recorded ? Outcome::kRecorded : Outcome::kIgnored) << type;
    EXPECT_THAT(log_.events, SizeIs(recorded ? 1 : 0)) << type;
    if (recorded) {
      EXPECT_EQ(Event().type, expected);
    }
  }
}

TEST_F(ReportIntakeTest, ADeliveryReportNeedsAReturnPath) {
  EXPECT_EQ(Accept(kFeedbackAddress, SampleReport("postfix_failed")), Outcome::kUnassigned);
  EXPECT_EQ(Accept(kFeedbackAddress, SampleReport("qmail_failed")), Outcome::kUnassigned);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(ReportIntakeTest, AutomaticRepliesAreNoBounces) {
  for (const char* const name : {"vacation", "challenge", "disposition"}) {
    EXPECT_EQ(AcceptSample(name), Outcome::kIgnored) << name;
  }
  EXPECT_EQ(Accept(own_, ""), Outcome::kIgnored);
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(ReportIntakeTest, StoresNothingOfAForgery) {
  const return_path::ReturnPaths other_deployment(Ring("k1", 'b'));
  const return_path::ReturnPaths retired(Ring("k0", 'a'));
  std::string changed = own_;
  changed[10] = changed[10] == 'a' ? 'b' : 'a';
  for (const std::string& recipient :
       {AddressOf(kMail, other_deployment), AddressOf(kMail, retired), changed, own_.substr(1)}) {
    EXPECT_EQ(Accept(recipient, SampleReport("postfix_failed")), Outcome::kForged) << recipient;
    EXPECT_EQ(Accept(recipient, SampleReport("arf_abuse")), Outcome::kForged) << recipient;
  }
  for (const std::string& recipient : {std::string(), std::string("@"), own_.substr(3),
                                       own_.substr(0, 20), std::string(1 << 20, 'a')}) {
    EXPECT_EQ(Accept(recipient, SampleReport("postfix_failed")), Outcome::kUnassigned)
        << recipient.substr(0, 80);
  }
  EXPECT_THAT(log_.events, IsEmpty());
}

TEST_F(ReportIntakeTest, LimitsTheReportsAboutAMail) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(AcceptSample("postfix_failed"), Outcome::kRecorded);
  EXPECT_EQ(AcceptSample("postfix_failed"), Outcome::kLimited);
  EXPECT_EQ(Accept(AddressOf(kMail + 1, paths_), SampleReport("postfix_failed")),
            Outcome::kRecorded);
  for (int i = 0; i < 10; ++i) Accept(kFeedbackAddress, SampleReport("arf_abuse"));
  EXPECT_EQ(Accept(kFeedbackAddress, SampleReport("arf_abuse")), Outcome::kLimited);
  EXPECT_THAT(log_.events, SizeIs(21));
  clock_.Advance(absl::Hours(1));
  EXPECT_EQ(AcceptSample("postfix_failed"), Outcome::kRecorded);
}

TEST_F(ReportIntakeTest, RepetitionsDuringAnOutageDoNotCount) {
  log_.status = absl::UnavailableError("down");
  for (int i = 0; i < 20; ++i) {
    EXPECT_THAT(intake_.Accept(own_, SampleReport("postfix_failed")),
                StatusIs(absl::StatusCode::kUnavailable));
    EXPECT_THAT(intake_.Accept(kFeedbackAddress, SampleReport("arf_abuse")),
                StatusIs(absl::StatusCode::kUnavailable));
  }
  log_.status = absl::OkStatus();
  EXPECT_EQ(AcceptSample("postfix_failed"), Outcome::kRecorded);
  EXPECT_EQ(Accept(kFeedbackAddress, SampleReport("arf_abuse")), Outcome::kRecorded);
}

TEST(RepeatLimitTest, IsBounded) {
  FakeClock clock{absl::FromUnixSeconds(0)};
  RepeatLimit limit(clock, {.reports = 1, .capacity = 10});
  for (int i = 0; i < 100; ++i) limit.Count(std::to_string(i));
  EXPECT_FALSE(limit.IsReached("0"));
  EXPECT_TRUE(limit.IsReached("99"));
}

}  // namespace
}  // namespace lmsmail::gateway
