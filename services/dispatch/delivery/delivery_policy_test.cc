#include "services/dispatch/delivery/delivery_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/strings/utf8.h"
#include "services/dispatch/testing/delivery_results.h"

namespace lmsmail::dispatch {
namespace {

using Kind = Outcome::Kind;

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

ClaimedMail MailOf(Category category = Category::kProgress) {
  ClaimedMail claimed;
  claimed.mail.id = 4711;
  claimed.mail.template_ref = {"template", 1, category};
  claimed.mail.due_time = kNow;
  claimed.mail.expire_time = kNow + absl::Hours(48);
  claimed.delivery_count = 1;
  return claimed;
}

DeliveryResult Reply(int code, std::string enhanced, std::string text = "text") {
  return Replied(code, std::move(enhanced), std::move(text), smtp::Command::kRcpt);
}

DeliveryResult Broken(DeliveryResult::Kind kind) {
  DeliveryResult result;
  result.kind = kind;
  return result;
}

Outcome Decide(const ClaimedMail& claimed, const DeliveryResult& result) {
  return DecideByResult(claimed, result, kNow, {});
}

TEST(DecideByResultTest, AcceptedMailIsSentAndCountsTheAttempt) {
  const Outcome outcome = Decide(MailOf(), Reply(250, "2.0.0", "2.0.0 queued as 1"));
  EXPECT_EQ(outcome.kind, Kind::kSent);
  EXPECT_EQ(outcome.reason, Reason::kNone);
  EXPECT_EQ(outcome.attempt, 1);
  EXPECT_EQ(outcome.delivery_count, 1);
  EXPECT_EQ(outcome.reply_code, 250);
}

struct PermanentCase {
  int code;
  std::string enhanced;
  Reason reason;
  bool dead;  // whether the address is put on the suppression list
};

class PermanentTest : public testing::TestWithParam<PermanentCase> {};

TEST_P(PermanentTest, FailsWithTheReasonOfTheReply) {
  const PermanentCase& c = GetParam();
  const DeliveryResult result = Reply(c.code, c.enhanced);
  ClaimedMail claimed = MailOf();
  claimed.attempt = 2;
  claimed.sender_rejections = 2;
  const Outcome outcome = Decide(claimed, result);
  EXPECT_EQ(outcome.kind, Kind::kFailed);
  EXPECT_EQ(outcome.reason, c.reason);
  EXPECT_EQ(result.refusal->address_dead, c.dead);
}

INSTANTIATE_TEST_SUITE_P(
    Replies, PermanentTest,
    testing::Values(PermanentCase{550, "5.1.1", Reason::kRecipientRejected, true},
                    PermanentCase{550, "5.1.2", Reason::kRecipientRejected, true},
                    PermanentCase{553, "5.1.3", Reason::kRecipientRejected, true},
                    PermanentCase{550, "5.1.6", Reason::kRecipientRejected, true},
                    PermanentCase{556, "5.1.10", Reason::kRecipientRejected, true},
                    PermanentCase{550, "5.2.1", Reason::kRecipientRejected, true},
                    PermanentCase{525, "5.7.13", Reason::kRecipientRejected, true},
                    PermanentCase{550, "5.7.17", Reason::kRecipientRejected, true},
                    // A full mailbox is the recipient's, but not dead.
                    PermanentCase{552, "5.2.2", Reason::kRecipientRejected, false},
                    // Policy, authentication, spam: ours.
                    PermanentCase{550, "5.7.1", Reason::kSenderRejected, false},
                    PermanentCase{550, "5.7.26", Reason::kSenderRejected, false},
                    PermanentCase{550, "5.7.515", Reason::kSenderRejected, false},
                    PermanentCase{550, "5.1.8", Reason::kSenderRejected, false},
                    PermanentCase{554, "5.6.0", Reason::kContentRejected, false},
                    PermanentCase{552, "5.3.4", Reason::kTooLarge, false},
                    PermanentCase{550, "", Reason::kRecipientRejected, false},
                    PermanentCase{554, "", Reason::kSenderRejected, false}));

TEST(DecideByResultTest, TheThirdRefusalOfTheSenderIsPermanent) {
  for (const DeliveryResult& result : {Reply(550, "5.7.1"), Reply(550, "5.1.8"), Reply(535, "")}) {
    ClaimedMail claimed = MailOf();
    for (int rejections = 0; rejections < 3; ++rejections) {
      claimed.attempt = 7;
      claimed.sender_rejections = rejections;
      const Outcome outcome = Decide(claimed, result);
      EXPECT_EQ(outcome.kind, rejections < 2 ? Kind::kDeferred : Kind::kFailed);
      EXPECT_EQ(outcome.reason, Reason::kSenderRejected);
      EXPECT_EQ(outcome.attempt, 8);
    }
  }
}

TEST(DecideByResultTest, AMailThatWasGreylistedOftenSurvivesARefusalOfTheSender) {
  ClaimedMail claimed = MailOf();
  claimed.attempt = 30;
  EXPECT_EQ(Decide(claimed, Reply(550, "5.7.1")).kind, Kind::kDeferred);
}

TEST(DecideByResultTest, RejectedContentFailsTheMailAtOnce) {
  EXPECT_EQ(Decide(MailOf(), Reply(554, "5.6.0")).kind, Kind::kFailed);
}

TEST(DecideByResultTest, OpenCircuitBreakerCountsNoAttempt) {
  DeliveryResult held;
  held.kind = DeliveryResult::Kind::kBreakerOpen;
  held.retry_time = kNow + absl::Hours(1);
  ClaimedMail claimed = MailOf();
  claimed.attempt = 2;
  const Outcome outcome = Decide(claimed, held);
  EXPECT_EQ(outcome.kind, Kind::kDeferred);
  EXPECT_EQ(outcome.reason, Reason::kSenderRejected);
  EXPECT_EQ(outcome.attempt, 2);
  EXPECT_GE(outcome.retry_time, held.retry_time);
  EXPECT_LE(outcome.retry_time, held.retry_time + absl::Minutes(1));
}

TEST(DecideByResultTest, TooManyRecipientsIsAlwaysTemporary) {
  EXPECT_EQ(Decide(MailOf(), Reply(552, "5.5.3")).kind, Kind::kDeferred);
}

TEST(DecideByResultTest, TemporaryRejectionsDoubleTheBackoff) {
  ClaimedMail claimed = MailOf();
  absl::Duration before = absl::ZeroDuration();
  for (int attempt = 0; attempt < 5; ++attempt) {
    claimed.attempt = attempt;
    claimed.delivery_count = attempt + 1;
    const Outcome outcome = Decide(claimed, Reply(450, "4.2.1"));
    EXPECT_EQ(outcome.kind, Kind::kDeferred);
    EXPECT_EQ(outcome.reason, Reason::kDeferredByServer);
    EXPECT_EQ(outcome.attempt, attempt + 1);
    const absl::Duration wait = outcome.retry_time - kNow;
    const absl::Duration nominal = absl::Minutes(1 << attempt);
    EXPECT_GE(wait, nominal * 0.75);
    EXPECT_LT(wait, nominal * 1.25);
    EXPECT_GT(wait, before);
    before = wait;
  }
}

TEST(DecideByResultTest, BackoffIsDeterministicForADeliveryAndJitteredAcrossMails) {
  ClaimedMail other = MailOf();
  other.mail.id = 4712;
  const DeliveryResult reply = Reply(450, "4.2.1");
  EXPECT_EQ(Decide(MailOf(), reply).retry_time, Decide(MailOf(), reply).retry_time);
  EXPECT_NE(Decide(MailOf(), reply).retry_time, Decide(other, reply).retry_time);
}

TEST(DecideByResultTest, GreylistingWaitsFiveMinutes) {
  EXPECT_GE(Decide(MailOf(), Reply(451, "4.7.1")).retry_time, kNow + absl::Minutes(5));
  EXPECT_GE(Decide(MailOf(), Reply(451, "")).retry_time, kNow + absl::Minutes(5));
}

TEST(DecideByResultTest, ReportsRateLimitsAsReason) {
  EXPECT_EQ(Decide(MailOf(), Reply(421, "4.7.28")).reason, Reason::kRateLimited);
}

TEST(DecideByResultTest, TemporaryRejectionsNeverFailAMail) {
  ClaimedMail claimed = MailOf();
  for (const int attempts : {12, 100, 30'000}) {
    claimed.attempt = attempts;
    const Outcome outcome = Decide(claimed, Reply(452, "4.3.1"));
    EXPECT_EQ(outcome.kind, Kind::kDeferred);
    EXPECT_EQ(outcome.reason, Reason::kDeferredByServer);
  }
}

TEST(DecideByResultTest, TheLastAttemptIsShortlyBeforeTheExpireTime) {
  ClaimedMail claimed = MailOf();
  claimed.attempt = 10;
  claimed.mail.expire_time = kNow + absl::Minutes(20);
  EXPECT_EQ(Decide(claimed, Reply(450, "4.2.1")).retry_time,
            claimed.mail.expire_time - absl::Seconds(30));
}

TEST(DecideByResultTest, NoMailWaitsLongPastItsExpireTime) {
  ClaimedMail claimed = MailOf();
  claimed.attempt = 10;
  claimed.mail.expire_time = kNow + absl::Seconds(30);
  DeliveryResult open = Broken(DeliveryResult::Kind::kBreakerOpen);
  open.retry_time = kNow + absl::Hours(1);
  for (const DeliveryResult& result : {Reply(450, "4.2.1"), Reply(550, "5.7.1"), open,
                                       Broken(DeliveryResult::Kind::kConnectionError)}) {
    claimed.delivery_count = 20;
    const Outcome outcome = Decide(claimed, result);
    EXPECT_EQ(outcome.kind, Kind::kDeferred);
    EXPECT_GT(outcome.retry_time, claimed.mail.expire_time);
    EXPECT_LE(outcome.retry_time, claimed.mail.expire_time + absl::Seconds(1));
  }
}

TEST(DecideByResultTest, UnreachableServerCountsNoAttempt) {
  ClaimedMail claimed = MailOf();
  claimed.attempt = 3;
  const Outcome outcome = Decide(claimed, Broken(DeliveryResult::Kind::kConnectionError));
  EXPECT_EQ(outcome.kind, Kind::kDeferred);
  EXPECT_EQ(outcome.reason, Reason::kUnreachable);
  EXPECT_EQ(outcome.attempt, 3);
  EXPECT_GT(outcome.retry_time, kNow);
  EXPECT_EQ(Decide(claimed, Broken(DeliveryResult::Kind::kBusy)).reason, Reason::kRateLimited);
}

TEST(DecideByResultTest, ResendsUncertainReceiptsButNotDigests) {
  const DeliveryResult lost = Broken(DeliveryResult::Kind::kAmbiguous);
  const Outcome receipt = Decide(MailOf(Category::kPayment), lost);
  EXPECT_EQ(receipt.kind, Kind::kDeferred);
  EXPECT_EQ(receipt.reason, Reason::kConnectionLostAfterData);
  EXPECT_LE(receipt.retry_time, kNow + absl::Minutes(1));
  const Outcome digest = Decide(MailOf(Category::kProgress), lost);
  EXPECT_EQ(digest.kind, Kind::kUncertain);
  EXPECT_EQ(digest.reason, Reason::kConnectionLostAfterData);
}

TEST(DecideByResultTest, LimitsResendsOfUncertainReceipts) {
  ClaimedMail claimed = MailOf(Category::kPayment);
  claimed.attempt = 100;
  EXPECT_EQ(Decide(claimed, Broken(DeliveryResult::Kind::kAmbiguous)).kind, Kind::kDeferred);
  claimed.resends = DeliveryPolicy{}.max_resends;
  EXPECT_EQ(Decide(claimed, Broken(DeliveryResult::Kind::kAmbiguous)).kind, Kind::kUncertain);
}

TEST(DecideByResultTest, TruncatesLongRepliesBetweenCharacters) {
  const Outcome outcome = Decide(MailOf(), Reply(550, "5.7.1", "x" + std::string(600, '\xc3')));
  EXPECT_LE(outcome.reply_text.size(), 512u);
  std::string umlauts = "x";
  for (int i = 0; i < 400; ++i) umlauts += "\xc3\xa4";
  const Outcome cut = Decide(MailOf(), Reply(550, "5.7.1", umlauts));
  EXPECT_EQ(cut.reply_text.size(), 511u);
  EXPECT_TRUE(IsValidUtf8(cut.reply_text));
}

TEST(DecideBeforeCheckTest, CancelledMailIsNotSent) {
  ClaimedMail claimed = MailOf();
  claimed.cancelled = true;
  const auto outcome = DecideBeforeCheck(claimed, kNow, {});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::kCancelled);
  EXPECT_EQ(outcome->attempt, 0);
}

TEST(DecideBeforeCheckTest, ExpiredMailIsNotSent) {
  ClaimedMail claimed = MailOf();
  EXPECT_FALSE(DecideBeforeCheck(claimed, claimed.mail.expire_time, {}));
  const auto outcome = DecideBeforeCheck(claimed, claimed.mail.expire_time + absl::Seconds(1), {});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::kExpired);
  EXPECT_EQ(outcome->reason, Reason::kExpired);
}

TEST(DecideBeforeCheckTest, RecoveredMailFollowsItsCategory) {
  ClaimedMail claimed = MailOf();
  claimed.recovered = true;
  EXPECT_FALSE(DecideBeforeCheck(claimed, kNow, {}));
  DeliveryPolicy careful;
  careful.resend_recovered = {Category::kPayment};
  const auto outcome = DecideBeforeCheck(claimed, kNow, careful);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::kUncertain);
}

TEST(DecideByVerdictTest, SkipsWithTheReasonGiven) {
  Verdict verdict;
  EXPECT_FALSE(DecideByVerdict(MailOf(), verdict, kNow));
  verdict.decision = Verdict::Decision::kSkip;
  verdict.reason = Reason::kUnsubscribed;
  const auto outcome = DecideByVerdict(MailOf(), verdict, kNow);
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->kind, Kind::kSkipped);
  EXPECT_EQ(outcome->reason, Reason::kUnsubscribed);
}

TEST(DecideByVerdictTest, QuietHoursDeferOrExpire) {
  Verdict verdict;
  verdict.decision = Verdict::Decision::kDefer;
  verdict.reason = Reason::kQuietHours;
  verdict.retry_time = kNow + absl::Hours(8);
  ClaimedMail claimed = MailOf();
  const auto deferred = DecideByVerdict(claimed, verdict, kNow);
  ASSERT_TRUE(deferred.has_value());
  EXPECT_EQ(deferred->kind, Kind::kDeferred);
  EXPECT_EQ(deferred->retry_time, kNow + absl::Hours(8));
  EXPECT_EQ(deferred->attempt, 0);

  claimed.mail.expire_time = kNow + absl::Hours(7);
  const auto expired = DecideByVerdict(claimed, verdict, kNow);
  ASSERT_TRUE(expired.has_value());
  EXPECT_EQ(expired->kind, Kind::kExpired);
  EXPECT_EQ(expired->reason, Reason::kQuietHours);
}

TEST(DeferTest, WaitsBetweenFiveAndThirtySecondsAndCountsNoAttempt) {
  ClaimedMail claimed = MailOf();
  for (int step = 1; step < 20; ++step) {
    claimed.delivery_count = step;
    const Outcome outcome = Defer(claimed, Reason::kCheckUnavailable, kNow, {});
    EXPECT_EQ(outcome.kind, Kind::kDeferred);
    EXPECT_EQ(outcome.attempt, 0);
    EXPECT_GE(outcome.retry_time, kNow + absl::Seconds(5));
    EXPECT_LE(outcome.retry_time, kNow + absl::Seconds(30));
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
