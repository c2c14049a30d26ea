#include "libs/smtp/outcome.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/smtp/printable.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::smtp {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using Kind = Result::Kind;

TEST(Outcome, RejectionKindFollowsTheReplyCode) {
  const Result temporary = Rejected(Command::kRcpt, {450, "4.2.0 Greylisted\nplease wait"});
  EXPECT_EQ(temporary.kind, Kind::kRejectedTemporary);
  EXPECT_EQ(temporary.enhanced_code, "4.2.0");
  EXPECT_EQ(temporary.reply, "4.2.0 Greylisted please wait");
  EXPECT_THAT(temporary.status, StatusIs(absl::StatusCode::kUnavailable));

  // The enhanced code may contradict the reply code, which decides (RFC 5321 section 4.2.1).
  const Result permanent = Rejected(Command::kRcpt, {552, "4.2.2 a@b is full"});
  EXPECT_EQ(permanent.kind, Kind::kRejectedPermanent);
  EXPECT_EQ(permanent.code, 552);
  EXPECT_THAT(std::string(permanent.status.message()), Not(HasSubstr("a@b")));
}

TEST(Outcome, AnyErrorAfterTheDotIsAmbiguous) {
  EXPECT_EQ(Interrupted(Phase::kDotSent, absl::UnavailableError("")).kind, Kind::kAmbiguous);
  EXPECT_EQ(Interrupted(Phase::kDotSent, absl::CancelledError("")).kind, Kind::kAmbiguous);
  EXPECT_EQ(Interrupted(Phase::kDotSent, absl::DeadlineExceededError("")).kind, Kind::kAmbiguous);
}

TEST(Outcome, AnErrorBeforeTheDotIsNotAmbiguous) {
  for (const Phase phase : {Phase::kNotStarted, Phase::kEnvelope, Phase::kData}) {
    EXPECT_EQ(Interrupted(phase, absl::UnavailableError("")).kind, Kind::kConnectionError);
    EXPECT_EQ(Interrupted(phase, absl::CancelledError("")).kind, Kind::kCancelled);
  }
}

TEST(Outcome, ResultHoldsTheReplyThatEndedTheSession) {
  const Result result =
      Interrupted(Phase::kEnvelope, ReplyError(Command::kMail, {421, "4.3.2 KeepOpen\ndown"}));
  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.code, 421);
  EXPECT_EQ(result.enhanced_code, "4.3.2");
  EXPECT_EQ(result.reply, "4.3.2 KeepOpen down");
}

TEST(Outcome, WrongCredentialsAreUnauthenticated) {
  EXPECT_THAT(ReplyError(Command::kAuth, {535, "5.7.8 no"}),
              StatusIs(absl::StatusCode::kUnauthenticated, "the server replied 535 to AUTH"));
  EXPECT_THAT(ReplyError(Command::kAuth, {454, "later"}), StatusIs(absl::StatusCode::kUnavailable));
}

TEST(Outcome, ALocalLoginErrorLooksLikeARejectedLogin) {
  const Result result = Interrupted(Phase::kNotStarted, LoginError("the token file is empty"));
  EXPECT_EQ(result.kind, Kind::kConnectionError);
  EXPECT_EQ(result.code, 535);
  EXPECT_EQ(result.enhanced_code, "5.7.8");
  EXPECT_THAT(result.status,
              StatusIs(absl::StatusCode::kUnauthenticated, "the token file is empty"));
}

TEST(Printable, KeepsTextAndReplacesTheRest) {
  EXPECT_EQ(Printable("a\nb\tc\r\x01\x7f", 100), "a b c???");
  EXPECT_EQ(Printable("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80", 100),
            "gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x98\x80");
  // Overlong, surrogate, beyond U+10FFFF, cut short.
  EXPECT_EQ(Printable("\xC0\xAF|\xED\xA0\x80|\xF4\x90\x80\x80|\xE2\x82", 100), "??|???|????|??");
}

TEST(Printable, NeverSplitsACharacter) {
  EXPECT_EQ(Printable("ab\xE2\x82\xAC", 4), "ab");
  EXPECT_EQ(Printable("ab\xE2\x82\xAC", 5), "ab\xE2\x82\xAC");
}

}  // namespace
}  // namespace lmsmail::smtp
