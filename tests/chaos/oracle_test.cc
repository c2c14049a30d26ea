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
namespace out = dispatch::v1;

Logged InLog(const std::string& key, out::State state) {
  return {.name = "messages/" + key,
          .key = key,
          .message_id = "id-" + key,
          .state = state,
          .detail = out::State_Name(state)};
}

Taken Arrived(const std::string& key, bool answered = true) {
  return {
      .at = absl::UnixEpoch(), .answered = answered, .message_id = "id-" + key, .recipient = ""};
}

constexpr auto kReceipt = Accepted::Kind::kReceipt;
constexpr auto kNewsletter = Accepted::Kind::kNewsletter;
constexpr auto kUnwanted = Accepted::Kind::kUnwanted;

TEST(OracleTest, CountsWhatWentWell) {
  const Verdict verdict = Judge(
      {{"a", kReceipt}, {"b", kNewsletter}, {"c", kUnwanted}},
      {InLog("a", out::STATE_SENT), InLog("b", out::STATE_SENT), InLog("c", out::STATE_SKIPPED)},
      {Arrived("b"), Arrived("a")});
  EXPECT_EQ(verdict.accepted, 3);
  EXPECT_EQ(verdict.delivered, 2);
  EXPECT_EQ(verdict.skipped, 1);
  EXPECT_THAT(verdict.lost, IsEmpty());
  EXPECT_THAT(verdict.doubled, IsEmpty());
  EXPECT_THAT(verdict.faults, IsEmpty());
}

TEST(OracleTest, MissesMailThatTheLogDoesNotKnow) {
  EXPECT_THAT(Judge({{"a", kReceipt}}, {}, {}).lost, ElementsAre(HasSubstr("not in the log")));
}

TEST(OracleTest, MissesMailThatIsCalledSentAndDidNotArrive) {
  EXPECT_THAT(Judge({{"a", kReceipt}}, {InLog("a", out::STATE_SENT)}, {}).lost,
              ElementsAre(HasSubstr("STATE_SENT")));
}

TEST(OracleTest, MissesMailWithoutAnOutcome) {
  EXPECT_THAT(Judge({{"a", kReceipt}}, {InLog("a", out::STATE_QUEUED)}, {}).lost,
              ElementsAre(HasSubstr("STATE_QUEUED")));
}

TEST(OracleTest, OnlyANewsletterMayBeUncertain) {
  const std::vector<Logged> log = {InLog("a", out::STATE_UNCERTAIN),
                                   InLog("b", out::STATE_UNCERTAIN)};
  const Verdict verdict = Judge({{"a", kReceipt}, {"b", kNewsletter}}, log, {});
  EXPECT_EQ(verdict.uncertain, 1);
  EXPECT_THAT(verdict.lost, ElementsAre(HasSubstr("a ")));
}

TEST(OracleTest, SeesMailToOneWhoOptedOut) {
  const Verdict verdict =
      Judge({{"a", kUnwanted}}, {InLog("a", out::STATE_SKIPPED)}, {Arrived("a")});
  EXPECT_THAT(verdict.faults, ElementsAre(HasSubstr("opted out")));
}

TEST(OracleTest, SeesThatTheLogDeniesWhatArrived) {
  const Verdict verdict = Judge({{"a", kReceipt}}, {InLog("a", out::STATE_FAILED)}, {Arrived("a")});
  EXPECT_THAT(verdict.faults, ElementsAre(HasSubstr("STATE_FAILED")));
}

TEST(OracleTest, SeesMailThatNobodyAccepted) {
  EXPECT_THAT(Judge({}, {}, {Arrived("a")}).faults, ElementsAre(HasSubstr("never accepted")));
}

TEST(OracleTest, SeesAKeyThatWasAcceptedTwice) {
  const Verdict verdict =
      Judge({{"a", kReceipt}}, {InLog("a", out::STATE_SENT), InLog("a", out::STATE_SENT)},
            {Arrived("a")});
  EXPECT_THAT(verdict.faults, ElementsAre(HasSubstr("accepted twice")));
}

TEST(OracleTest, ListsDoubledMailWithItsCopies) {
  const Verdict verdict =
      Judge({{"a", kReceipt}, {"b", kReceipt}},
            {InLog("a", out::STATE_SENT), InLog("b", out::STATE_SENT)},
            {Arrived("a"), Arrived("b", /*answered=*/false), Arrived("a"), Arrived("b")});
  ASSERT_EQ(verdict.doubled.size(), 2u);
  EXPECT_EQ(verdict.doubled[0].message, "messages/a");
  EXPECT_EQ(verdict.doubled[0].copies.size(), 2u);
  EXPECT_EQ(verdict.doubled[0].cause, Cause::kUnrecorded);
  EXPECT_EQ(verdict.doubled[1].cause, Cause::kUnanswered);
  EXPECT_EQ(verdict.delivered, 2);
}

}  // namespace
}  // namespace lmsmail::chaos
