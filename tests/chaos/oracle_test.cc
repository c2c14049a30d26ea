#include "tests/chaos/oracle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace lmsmail::chaos {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
namespace pb = dispatch::v1;

Logged InLog(const std::string& key, pb::State state) {
  return {.name = "messages/" + key,
          .key = key,
          .message_id = "id-" + key,
          .state = state,
          .detail = pb::State_Name(state)};
}

Received Arrived(const std::string& key, bool answered = true) {
  return {
      .time = absl::UnixEpoch(), .answered = answered, .message_id = "id-" + key, .recipient = ""};
}

constexpr auto kReceipt = Accepted::Kind::kReceipt;
constexpr auto kNewsletter = Accepted::Kind::kNewsletter;
constexpr auto kOptedOut = Accepted::Kind::kOptedOut;

TEST(OracleTest, CountsDeliveredAndSkippedMail) {
  const Verdict verdict = Evaluate(
      {{"a", kReceipt}, {"b", kNewsletter}, {"c", kOptedOut}},
      {InLog("a", pb::STATE_SENT), InLog("b", pb::STATE_SENT), InLog("c", pb::STATE_SKIPPED)},
      {Arrived("b"), Arrived("a")});
  EXPECT_EQ(verdict.accepted, 3);
  EXPECT_EQ(verdict.delivered, 2);
  EXPECT_EQ(verdict.skipped, 1);
  EXPECT_THAT(verdict.lost, IsEmpty());
  EXPECT_THAT(verdict.duplicates, IsEmpty());
  EXPECT_THAT(verdict.contradictions, IsEmpty());
}

TEST(OracleTest, MailMissingFromLogIsLost) {
  EXPECT_THAT(Evaluate({{"a", kReceipt}}, {}, {}).lost, ElementsAre(HasSubstr("not in the log")));
}

TEST(OracleTest, SentMailThatDidNotArriveIsLost) {
  EXPECT_THAT(Evaluate({{"a", kReceipt}}, {InLog("a", pb::STATE_SENT)}, {}).lost,
              ElementsAre(HasSubstr("STATE_SENT")));
}

TEST(OracleTest, QueuedMailIsLost) {
  EXPECT_THAT(Evaluate({{"a", kReceipt}}, {InLog("a", pb::STATE_QUEUED)}, {}).lost,
              ElementsAre(HasSubstr("STATE_QUEUED")));
}

TEST(OracleTest, UncertainReceiptIsLost) {
  const std::vector<Logged> log = {InLog("a", pb::STATE_UNCERTAIN),
                                   InLog("b", pb::STATE_UNCERTAIN)};
  const Verdict verdict = Evaluate({{"a", kReceipt}, {"b", kNewsletter}}, log, {});
  EXPECT_EQ(verdict.uncertain, 1);
  EXPECT_THAT(verdict.lost, ElementsAre(HasSubstr("a ")));
}

TEST(OracleTest, OnlyMailToARefusedAddressMayFail) {
  const std::vector<Logged> log = {InLog("a", pb::STATE_FAILED), InLog("b", pb::STATE_FAILED)};
  const Verdict verdict = Evaluate(
      {{.key = "a", .address_refused = true}, {.key = "b", .address_refused = false}}, log, {});
  EXPECT_EQ(verdict.refused, 1);
  EXPECT_THAT(verdict.lost, ElementsAre(HasSubstr("b ")));
}

TEST(OracleTest, ReportsNewsletterThatIsNotUncertainThoughItsAnswerWasLost) {
  const std::vector<Logged> log = {InLog("a", pb::STATE_SENT), InLog("b", pb::STATE_UNCERTAIN)};
  EXPECT_THAT(Evaluate({{"a", kNewsletter}, {"b", kNewsletter}}, log,
                       {Arrived("a", /*answered=*/false), Arrived("b", /*answered=*/false)})
                  .contradictions,
              ElementsAre(HasSubstr("STATE_SENT")));
}

TEST(OracleTest, ReportsMailToOptedOutRecipient) {
  const Verdict verdict =
      Evaluate({{"a", kOptedOut}}, {InLog("a", pb::STATE_SKIPPED)}, {Arrived("a")});
  EXPECT_THAT(verdict.contradictions, ElementsAre(HasSubstr("opted out")));
}

TEST(OracleTest, ReportsArrivedMailThatIsLoggedAsFailed) {
  const Verdict verdict =
      Evaluate({{"a", kReceipt}}, {InLog("a", pb::STATE_FAILED)}, {Arrived("a")});
  EXPECT_THAT(verdict.contradictions, ElementsAre(HasSubstr("STATE_FAILED")));
}

TEST(OracleTest, ReportsMailThatWasNeverAccepted) {
  EXPECT_THAT(Evaluate({}, {}, {Arrived("a")}).contradictions,
              ElementsAre(HasSubstr("never accepted")));
}

TEST(OracleTest, ReportsKeyThatWasAcceptedTwice) {
  const Verdict verdict = Evaluate(
      {{"a", kReceipt}}, {InLog("a", pb::STATE_SENT), InLog("a", pb::STATE_SENT)}, {Arrived("a")});
  EXPECT_THAT(verdict.contradictions, ElementsAre(HasSubstr("accepted twice")));
}

TEST(OracleTest, ListsDuplicatesWithTheirCopies) {
  const Verdict verdict = Evaluate(
      {{"a", kReceipt}, {"b", kReceipt}}, {InLog("a", pb::STATE_SENT), InLog("b", pb::STATE_SENT)},
      {Arrived("a"), Arrived("b", /*answered=*/false), Arrived("a"), Arrived("b")});
  ASSERT_EQ(verdict.duplicates.size(), 2u);
  EXPECT_EQ(verdict.duplicates[0].message, "messages/a");
  EXPECT_EQ(verdict.duplicates[0].copies.size(), 2u);
  EXPECT_EQ(verdict.duplicates[0].cause, Cause::kUnrecorded);
  EXPECT_EQ(verdict.duplicates[1].cause, Cause::kUnanswered);
  EXPECT_EQ(verdict.delivered, 2);
}

}  // namespace
}  // namespace lmsmail::chaos
