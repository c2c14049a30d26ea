#include "services/gateway/bounces/delivery_status.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "services/gateway/webhooks/provider_event.h"

namespace lmsmail::gateway {
namespace {

using Action = RecipientStatus::Action;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// The status of the only recipient with these fields.
RecipientStatus Only(std::string_view fields) {
  const auto all = ParseDeliveryStatus(fmt::format(
      "Reporting-MTA: dns; mx.example\n\nFinal-Recipient: rfc822; a@b.example\n{}", fields));
  EXPECT_THAT(all, SizeIs(1));
  return all.empty() ? RecipientStatus() : all.front();
}

TEST(DeliveryStatusTest, ReadsEveryRecipient) {
  const auto all = ParseDeliveryStatus(
      "Reporting-MTA: dns; mx.example\r\nArrival-Date: today\r\n\r\n"
      "Original-Recipient: rfc822;ann+2Bx@b.example\r\nFinal-Recipient: RFC822; <ANN@c.example>\r\n"
      "Action: failed\r\nStatus: 5.1.1\r\n\r\n \r\n"
      "Final-Recipient: rfc822; bob@b.example\r\nAction: Delivered (to mailbox)\r\n"
      "Status: 2.0.0\r\n");
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_EQ(all[0].action, Action::kFailed);
  EXPECT_EQ(all[0].detail, "5.1.1");
  EXPECT_THAT(all[0].addresses,
              ElementsAre("ann+2Bx@b.example", "ann+x@b.example", "ANN@c.example"));
  EXPECT_EQ(all[1].action, Action::kDelivered);
  EXPECT_THAT(all[1].addresses, ElementsAre("bob@b.example"));
}

TEST(DeliveryStatusTest, ReadsEveryAction) {
  EXPECT_EQ(Only("Action: failed").action, Action::kFailed);
  EXPECT_EQ(Only("Action:FAILED").action, Action::kFailed);
  EXPECT_EQ(Only("Action: delayed").action, Action::kDelayed);
  EXPECT_EQ(Only("Action: relayed").action, Action::kDelivered);
  EXPECT_EQ(Only("Action: expanded").action, Action::kDelivered);
  EXPECT_EQ(Only("Action: ruined").action, Action::kUnknown);
  EXPECT_EQ(Only("").action, Action::kUnknown);
}

TEST(DeliveryStatusTest, TakesTheWordsOfTheReceivingServer) {
  EXPECT_EQ(Only("Status: 5.1.1\nDiagnostic-Code: smtp; 550 no such user").detail,
            "550 5.1.1 no such user");
  EXPECT_EQ(Only("Status: 5.0.0\nDiagnostic-Code: smtp; 550-5.1.1 The email account\n\t"
                 "550 5.1.1 <a@b.example> does not exist")
                .detail,
            "550-5.1.1 The email account 550 5.1.1 does not exist");
  EXPECT_EQ(Only("Status: 5.1.1 (bad destination)\nDiagnostic-Code: X-Unix; unknown user").detail,
            "5.1.1 unknown user");
  EXPECT_EQ(Only("Status: 4.4.7\nDiagnostic-Code: smtp;554 expired").detail, "554 4.4.7 expired");
}

// Only a code, or words that say so, make an address dead, so one is never left out.
TEST(DeliveryStatusTest, KnowsNoReasonWithoutACode) {
  EXPECT_EQ(Only("Action: failed").detail, "5.0.0");
  for (const char* status : {"nonsense", "5", "5.1", "5.1.", "9.1.1", "5.1.1234", ".1.1", "5..1"}) {
    EXPECT_EQ(Only(fmt::format("Status: {}", status)).detail, "5.0.0") << status;
  }
  EXPECT_EQ(Only("Diagnostic-Code: smtp; 550 refused").detail, "550 5.0.0 refused");
}

TEST(DeliveryStatusTest, CleansText) {
  const std::string detail =
      Only("Status: 5.1.1\nDiagnostic-Code: smtp; 550 caf\xe9 \x1b[31m\x01 <a@b.example>: gone" +
           std::string(5000, 'x'))
          .detail;
  EXPECT_THAT(detail, ::testing::StartsWith("550 5.1.1 caf\xef\xbf\xbd [31m gone"));
  EXPECT_LE(detail.size(), kMaxEventDetail);
  EXPECT_EQ(detail.find('@'), std::string::npos);
}

TEST(DeliveryStatusTest, DecodesInternationalAddresses) {
  EXPECT_EQ(ReportedAddress("utf-8; \\x{E4}nn\\x{1F600}@b.example"),
            "\xc3\xa4nn\xf0\x9f\x98\x80@b.example");
  EXPECT_EQ(ReportedAddress("utf-8;\xe6\x88\x91@b.example"), "\xe6\x88\x91@b.example");
  EXPECT_EQ(ReportedAddress("rfc822; ann@b.example (Ann)"), "ann@b.example");
  EXPECT_EQ(ReportedAddress("<ann@b.example>"), "ann@b.example");
  EXPECT_EQ(ReportedAddress("x400; /G=Ann/"), "");
  for (const char* broken : {"utf-8; \\x{", "utf-8; \\x{}", "utf-8; \\x{110000}", "utf-8; \\x{E4",
                             "utf-8; \\x{zz}a", "<", ">", ";", ""}) {
    ReportedAddress(broken);
  }
}

TEST(DeliveryStatusTest, ReadsWhatServersGetWrong) {
  // No empty line after the fields of the message, and fields that are none.
  const auto all = ParseDeliveryStatus(
      "Reporting-MTA: dns; mx\nthis is no field\nFinal-Recipient: rfc822; a@b.example\n"
      "Action: failed\n: empty\nStatus: 5.1.1");
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].detail, "5.1.1");
  EXPECT_THAT(ParseDeliveryStatus(""), IsEmpty());
  EXPECT_THAT(ParseDeliveryStatus(" folded: without a field\n\n\n"), IsEmpty());
  EXPECT_THAT(ParseDeliveryStatus("Reporting-MTA: dns; mx\n"), IsEmpty());
}

TEST(DeliveryStatusTest, IsBounded) {
  std::string many;
  for (int i = 0; i < 10'000; ++i) many += "Action: failed\n\n";
  EXPECT_THAT(ParseDeliveryStatus(many), SizeIs(50));
  std::string fields = "Action: failed\n";
  for (int i = 0; i < 10'000; ++i) fields += "X: y\n";
  EXPECT_THAT(ParseFieldGroups(fields).front(), SizeIs(50));
  std::string folded = "Action: failed\n";
  for (int i = 0; i < 10'000; ++i) folded += " more\n";
  EXPECT_LE(ParseFieldGroups(folded).front().front().second.size(), 4010u);
}

}  // namespace
}  // namespace lmsmail::gateway
