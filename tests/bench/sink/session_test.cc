#include "tests/bench/sink/session.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::sink {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string MailTo(std::string_view recipient, std::string_view id) {
  return fmt::format(
      "MAIL FROM:<school@lms.test>\r\nRCPT TO:<{}>\r\nDATA\r\n"
      "Subject: Hello\r\nMessage-ID: <{}>\r\n\r\nbody\r\n..dot\r\n.\r\n",
      recipient, id);
}

class SessionTest : public ::testing::Test {
 protected:
  // Returns the reply code of each line after the greeting.
  std::vector<std::string> CodesOf(Session& session) {
    std::vector<std::string> codes;
    std::string output = std::exchange(session.output(), "");
    for (std::size_t end; (end = output.find("\r\n")) != std::string::npos;) {
      codes.push_back(output.substr(0, 3));
      output.erase(0, end + 2);
    }
    EXPECT_EQ(output, "");
    codes.erase(codes.begin());
    return codes;
  }

  Statistics statistics_{nullptr};
  FaultPlan faults_;
};

TEST_F(SessionTest, AcceptsPipelinedMailsFromOneRead) {
  Session session(statistics_, faults_);
  session.Feed("EHLO client.test\r\n" + MailTo("a@x.test", "1@lms") + MailTo("b@x.test", "2@lms") +
               "QUIT\r\n");
  EXPECT_THAT(CodesOf(session),
              ::testing::ElementsAre("250", "250", "250", "250", "250", "250", "250", "250", "354",
                                     "250", "250", "250", "354", "250", "221"));
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(statistics_.counters().accepted, 2);
  EXPECT_EQ(statistics_.counters().duplicates, 0);
  EXPECT_EQ(statistics_.counters().protocol_errors, 0);
}

TEST_F(SessionTest, RepliesDoNotDependOnHowInputIsSplit) {
  const std::string input =
      "EHLO c\r\n" + MailTo("a@x.test", "1@lms") + MailTo("a@x.test", "1@lms");
  Session whole(statistics_, faults_);
  whole.Feed(input);
  const std::vector<std::string> expected = CodesOf(whole);
  for (const std::size_t piece : {1, 2, 3, 7, 50}) {
    Statistics statistics(nullptr);
    Session session(statistics, faults_);
    for (std::size_t at = 0; at < input.size(); at += piece) session.Feed(input.substr(at, piece));
    EXPECT_EQ(CodesOf(session), expected) << piece;
    EXPECT_EQ(statistics.counters().accepted, 2) << piece;
    EXPECT_EQ(statistics.counters().duplicates, 1) << piece;
  }
}

TEST_F(SessionTest, AcceptsEmptyMail) {
  Session session(statistics_, faults_);
  session.Feed("MAIL FROM:<>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n.\r\nNOOP\r\n");
  EXPECT_THAT(CodesOf(session), ::testing::ElementsAre("250", "250", "354", "250", "250"));
  EXPECT_EQ(statistics_.counters().without_id, 1);
}

TEST_F(SessionTest, RejectsByDomainAndContinues) {
  ASSERT_OK(faults_.Add("450 domain=slow.test"));
  ASSERT_OK(faults_.Add("550 domain=gone.test"));
  ASSERT_OK(faults_.Add("quota domain=busy.test"));
  Session session(statistics_, faults_);
  session.Feed(
      "MAIL FROM:<s@lms.test>\r\nRCPT TO:<a@busy.test>\r\nDATA\r\n"
      "MAIL FROM:<s@lms.test>\r\nRCPT TO:<a@slow.test>\r\nDATA\r\n"
      "MAIL FROM:<s@lms.test>\r\nRCPT TO:<a@gone.test>\r\nDATA\r\n" +
      MailTo("a@x.test", "1@lms"));
  EXPECT_THAT(CodesOf(session),
              ::testing::ElementsAre("250", "550", "503", "250", "450", "503", "250", "550", "503",
                                     "250", "250", "354", "250"));
  EXPECT_EQ(statistics_.counters().refused_450, 1);
  EXPECT_EQ(statistics_.counters().refused_550, 1);
  EXPECT_EQ(statistics_.counters().refused_quota, 1);
  EXPECT_EQ(statistics_.counters().accepted, 1);
}

TEST_F(SessionTest, AcceptsAnyLoginUntilItsFault) {
  Session session(statistics_, faults_);
  session.Feed("AUTH PLAIN AGEAYg==\r\n");
  ASSERT_OK(faults_.Add("login limit=1"));
  session.Feed("AUTH PLAIN AGEAYg==\r\nAUTH PLAIN AGEAYg==\r\n" + MailTo("a@x.test", "1@lms"));
  EXPECT_THAT(CodesOf(session),
              ::testing::ElementsAre("235", "535", "235", "250", "250", "354", "250"));
  EXPECT_EQ(statistics_.counters().refused_logins, 1);
}

TEST_F(SessionTest, ClosesAfter421) {
  ASSERT_OK(faults_.Add("421"));
  Session session(statistics_, faults_);
  session.Feed(MailTo("a@x.test", "1@lms"));
  EXPECT_THAT(CodesOf(session), ::testing::ElementsAre("250", "421"));
  EXPECT_TRUE(session.closing());
  EXPECT_EQ(statistics_.counters().accepted, 0);
}

TEST_F(SessionTest, CutBeforeDotDoesNotAcceptMail) {
  ASSERT_OK(faults_.Add("cut-before-dot"));
  Session session(statistics_, faults_);
  session.Feed("MAIL FROM:<s@lms.test>\r\nRCPT TO:<a@x.test>\r\nDATA\r\n");
  EXPECT_FALSE(session.closing());
  session.Feed("Subject: x\r\n");
  EXPECT_TRUE(session.closing());
  EXPECT_THAT(CodesOf(session), ::testing::ElementsAre("250", "250", "354"));
  EXPECT_EQ(statistics_.counters().accepted, 0);
  EXPECT_EQ(statistics_.counters().cut_before_dot, 1);
}

TEST_F(SessionTest, CutAfterDotAcceptsMailWithoutReply) {
  ASSERT_OK(faults_.Add("cut-after-dot"));
  Session session(statistics_, faults_);
  session.Feed(MailTo("a@x.test", "1@lms"));
  EXPECT_TRUE(session.closing());
  EXPECT_THAT(CodesOf(session), ::testing::ElementsAre("250", "250", "354"));
  EXPECT_EQ(statistics_.counters().accepted, 1);
  EXPECT_EQ(statistics_.counters().unanswered, 1);
}

TEST_F(SessionTest, DelayPostponesFollowingMails) {
  ASSERT_OK(faults_.Add("delay ms=250 limit=1"));
  Session session(statistics_, faults_);
  session.Feed(MailTo("a@x.test", "1@lms") + MailTo("a@x.test", "2@lms"));
  ASSERT_EQ(session.delay(), absl::Milliseconds(250));
  EXPECT_EQ(statistics_.counters().accepted, 1);
  session.Resume();
  EXPECT_FALSE(session.delay().has_value());
  EXPECT_EQ(statistics_.counters().accepted, 2);
  EXPECT_EQ(statistics_.counters().delayed, 1);
}

TEST_F(SessionTest, CountsUnknownCommands) {
  Session session(statistics_, faults_);
  session.Feed("VRFY a@x.test\r\nDATA\r\n");
  EXPECT_THAT(CodesOf(session), ::testing::ElementsAre("500", "503"));
  EXPECT_EQ(statistics_.counters().protocol_errors, 1);
}

TEST(FaultPlanTest, AppliesEveryAndLimit) {
  FaultPlan plan;
  ASSERT_OK(plan.Add("550 every=3 limit=2 domain=x.test"));
  std::string pattern;
  for (int i = 0; i < 10; ++i) pattern += plan.Choose("x.test") != nullptr ? 'F' : '.';
  EXPECT_EQ(pattern, "..F..F....");
  EXPECT_EQ(plan.Choose("y.test"), nullptr);
}

TEST(FaultPlanTest, RejectsInvalidRules) {
  FaultPlan plan;
  EXPECT_THAT(plan.Add("451"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("451")));
  EXPECT_THAT(plan.Add("450 every=0"),
              StatusIs(absl::StatusCode::kInvalidArgument, StartsWith("every=0")));
  EXPECT_THAT(plan.Add("450 often=1"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("often")));
  EXPECT_THAT(plan.Add("delay"), StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("ms=N")));
  EXPECT_THAT(plan.Add(" "), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_EQ(plan.Choose("x.test"), nullptr);
}

TEST(MessageIdOfTest, FindsHeaderInAnySpelling) {
  EXPECT_EQ(MessageIdOf("Subject: a\r\nMessage-ID: <1@x>\r\n\r\n"), "1@x");
  EXPECT_EQ(MessageIdOf("message-id:<1@x>\r\n\r\n"), "1@x");
  EXPECT_EQ(MessageIdOf("Message-ID:\r\n <1@x>\r\nSubject: a\r\n\r\n"), "1@x");
  EXPECT_EQ(MessageIdOf("Subject: a\r\n\r\nMessage-ID: <1@x>\r\n"), "");
  EXPECT_EQ(MessageIdOf("Message-ID: <1@x>"), "1@x");
  EXPECT_EQ(MessageIdOf(""), "");
}

}  // namespace
}  // namespace lmsmail::sink
