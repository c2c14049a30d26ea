#include "services/gateway/bounces/report.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/gateway/testing/sample_reports.h"

namespace lmsmail::gateway {
namespace {

using Action = RecipientStatus::Action;
using Kind = Report::Kind;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

Report Sample(std::string_view name) { return ReadReport(SampleReport(name)); }

// The only recipient of the sample.
RecipientStatus RecipientOf(std::string_view name) {
  const Report report = Sample(name);
  EXPECT_THAT(report.recipients, SizeIs(1)) << name;
  return report.recipients.empty() ? RecipientStatus() : report.recipients.front();
}

TEST(ReportTest, ReadsDeliveryStatuses) {
  EXPECT_EQ(Sample("postfix_failed").kind, Kind::kDelivery);
  EXPECT_EQ(RecipientOf("postfix_failed"),
            (RecipientStatus{Action::kFailed,
                             "550 5.1.1 Recipient address rejected: User unknown in virtual "
                             "mailbox table",
                             {"ada@students.example", "ada@students.example"}}));
  EXPECT_EQ(RecipientOf("postfix_delayed").action, Action::kDelayed);
  EXPECT_EQ(RecipientOf("postfix_delayed").detail,
            "4.4.1 connect to mx.students.example[192.0.2.25]:25: Connection timed out");
  EXPECT_EQ(RecipientOf("exchange_german_failed").action, Action::kFailed);
  EXPECT_EQ(RecipientOf("exchange_german_failed").detail,
            "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Empf\xef\xbf\xbdnger nicht gefunden");
}

TEST(ReportTest, ReadsInternationalDeliveryStatuses) {
  const RecipientStatus status = RecipientOf("global_failed");
  EXPECT_EQ(status.action, Action::kFailed);
  EXPECT_EQ(status.detail, "550 5.1.1 没有这个用户");
  EXPECT_THAT(status.addresses,
              ElementsAre("äda@students.example", "äda@internal.students.example"));
}

TEST(ReportTest, ReadsClassicBounces) {
  EXPECT_EQ(Sample("qmail_failed").kind, Kind::kClassic);
  EXPECT_EQ(RecipientOf("qmail_failed"),
            (RecipientStatus{Action::kFailed,
                             "550 5.1.1 no such user Giving up on 192.0.2.25.",
                             {"ada@students.example"}}));
  EXPECT_EQ(Sample("exim_failed").kind, Kind::kClassic);
  EXPECT_EQ(RecipientOf("exim_failed"),
            (RecipientStatus{Action::kFailed, "550 5.2.2 mailbox full", {"ada@students.example"}}));
}

TEST(ReportTest, ReadsFeedback) {
  const Report report = Sample("arf_abuse");
  EXPECT_EQ(report.kind, Kind::kFeedback);
  EXPECT_EQ(report.feedback_type, "abuse");
  EXPECT_THAT(report.return_paths, Contains("bounces@school.example"));
  EXPECT_EQ(report.message_id, "<0000000000001.01234567@school.example>");
}

TEST(ReportTest, LeavesOtherMailAlone) {
  EXPECT_EQ(Sample("vacation").kind, Kind::kAutoReply);
  EXPECT_EQ(Sample("challenge").kind, Kind::kUnknown);
  EXPECT_EQ(Sample("disposition").kind, Kind::kUnknown);
  EXPECT_EQ(ReadReport("").kind, Kind::kUnknown);
  EXPECT_EQ(ReadReport("Subject: Hi\n\nHi. This is the mail of a person.\n").kind, Kind::kUnknown);
  EXPECT_EQ(ReadReport("X-Failed-Recipients: ada@students.example\n\nada is not there\n").kind,
            Kind::kUnknown);
}

// Somebody who forwards a bounce reports nothing.
TEST(ReportTest, ReadsNoReportWithinAMessage) {
  const Report report =
      ReadReport("Subject: Fwd\nContent-Type: message/rfc822\n\n" + SampleReport("postfix_failed"));
  EXPECT_EQ(report.kind, Kind::kUnknown);
  EXPECT_THAT(report.recipients, IsEmpty());
}

TEST(ReportTest, AReportWithoutContentSaysNothing) {
  const Report delivery = ReadReport("Subject: x\nContent-Type: message/delivery-status\n\n");
  EXPECT_EQ(delivery.kind, Kind::kDelivery);
  EXPECT_THAT(delivery.recipients, IsEmpty());
  const Report feedback = ReadReport("Subject: x\nContent-Type: message/feedback-report\n\n");
  EXPECT_EQ(feedback.kind, Kind::kFeedback);
  EXPECT_EQ(feedback.feedback_type, "");
}

}  // namespace
}  // namespace lmsmail::gateway
