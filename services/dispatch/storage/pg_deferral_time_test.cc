#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using Kind = Outcome::Kind;

// The Date header depends on it.
class DeferralTimeTest : public PgQueueFixture {
 protected:
  // Claims the only mail, expects that time, and defers it by an hour.
  void Defer(std::optional<absl::Time> deferral_time, bool handed_over) {
    const Claim claim = Take();
    ASSERT_EQ(claim.mails.size(), 1u);
    EXPECT_EQ(claim.mails[0].mail.deferral_time, deferral_time);
    EXPECT_EQ(Get(claim.mails[0].mail.id).mail.deferral_time, deferral_time) << "in the log";
    Outcome outcome = OutcomeOf(claim.mails[0], Outcome::Kind::kDeferred, Reason::kQuietHours);
    outcome.retry_time = Now() + absl::Hours(1);
    if (handed_over) outcome.content_hash = std::string(32, 'h');
    Flush(claim, {outcome});
    Advance(absl::Hours(1) + absl::Seconds(1));
  }
  std::optional<absl::Time> Waits() {
    const std::string time = Query("SELECT extract(epoch FROM due_time) * 1000000 FROM queue");
    return absl::FromUnixMicros(std::stoll(time));
  }
};

TEST_F(DeferralTimeTest, IsThatOfTheLastDeferralBeforeTheMailWasHandedOver) {
  AcceptMail("m");
  Defer(std::nullopt, false);
  Defer(Waits(), false);
  const std::optional<absl::Time> last = Waits();
  Defer(last, true);
  const absl::Duration passed = absl::Hours(1) + absl::Seconds(1);
  Defer(*last - passed, false);
  Defer(*last - 2 * passed, true);
}

TEST_F(DeferralTimeTest, IsNoneForMailThatWasHandedOverAtFirst) {
  AcceptMail("m");
  Defer(std::nullopt, true);
  Defer(std::nullopt, false);
  Defer(std::nullopt, false);
}

// The worker may have sent the mail before it died.
TEST_F(DeferralTimeTest, DoesNotChangeAfterAWorkerDied) {
  AcceptMail("m");
  Take();
  ASSERT_THAT(Abandon(), IsOkAndHolds(1));
  Defer(std::nullopt, false);
  Defer(std::nullopt, false);
}

TEST_F(DeferralTimeTest, IsThatOfTheRetryForMailThatEndedUnsent) {
  const MessageId id = Ended("m", Outcome::Kind::kSkipped, Reason::kUnsubscribed);
  Advance(absl::Hours(24));
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  Defer(Waits(), false);
  Defer(Waits(), true);
}

}  // namespace
}  // namespace lmsmail::dispatch
