
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

class PgQueueLeaseTest : public PgQueueFixture {};

TEST_F(PgQueueLeaseTest, RecoversMailOfExpiredLease) {
  const std::vector<MessageId> ids = AcceptBatch("dead", 3);
  const Claim claim = Take(Lane::kBulk, 100, absl::Minutes(1));
  ASSERT_THAT(claim.mails, SizeIs(3));
  Flush(claim, {OutcomeOf(claim.mails[0], Kind::kSent)}, /*last=*/false);
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  Advance(absl::Seconds(31));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0))
      << "overdue, but not expired";
  Advance(absl::Seconds(31));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(2));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  Advance(absl::Seconds(1));
  const Claim again = Take(Lane::kBulk);
  ASSERT_THAT(again.mails, SizeIs(2));
  EXPECT_EQ(again.mails[0].delivery_count, 2);
  EXPECT_EQ(again.mails[0].attempt, 0);
  EXPECT_TRUE(again.mails[0].recovered);
  EXPECT_TRUE(again.mails[1].recovered);
  EXPECT_FALSE(again.mails[0].already_sent);
  EXPECT_THAT(queue().Release(again.id), IsOkAndHolds(2));
  Advance(absl::Seconds(1));
  EXPECT_TRUE(Take(Lane::kBulk).mails.at(0).recovered) << "a release keeps the mark";
}

TEST_F(PgQueueLeaseTest, LeaseThatExpiredDuringOutageCanBeExtended) {
  AcceptBatch("outage", 2);
  const Claim living = Take(Lane::kBulk, 1, absl::Minutes(1));
  const Claim dead = Take(Lane::kBulk, 1, absl::Minutes(1));
  Advance(absl::Minutes(10));  // the store was down
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  EXPECT_THAT(queue().Extend({living.id}, absl::Minutes(1)), IsOkAndHolds(ElementsAre(living.id)));
  Advance(absl::Seconds(29));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  Advance(absl::Seconds(2));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(1));
  EXPECT_THAT(queue().Extend({living.id, dead.id}, absl::Minutes(1)),
              IsOkAndHolds(ElementsAre(living.id)));
}

TEST_F(PgQueueLeaseTest, ExtendKeepsLeaseAlive) {
  AcceptMail("long");
  const Claim claim = Take(Lane::kTransactional, 100, absl::Minutes(1));
  Advance(absl::Seconds(50));
  EXPECT_THAT(queue().Extend({claim.id, claim.id + 1000}, absl::Minutes(1)),
              IsOkAndHolds(ElementsAre(claim.id)));
  Advance(absl::Seconds(50));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(0));
  Advance(absl::Seconds(50));
  EXPECT_THAT(queue().RecoverExpired(absl::InfiniteFuture()), IsOkAndHolds(1));
  EXPECT_THAT(queue().Extend({claim.id}, absl::Minutes(1)), IsOkAndHolds(IsEmpty()));
}

TEST_F(PgQueueLeaseTest, StaleHolderCanOnlyRecordSent) {
  const std::vector<MessageId> ids = AcceptBatch("stale", 3);
  const Claim stale = Take(Lane::kBulk);
  ASSERT_THAT(stale.mails, SizeIs(3));
  EXPECT_THAT(Abandon(), IsOkAndHolds(3));
  Outcome deferred = OutcomeOf(stale.mails[2], Kind::kDeferred);
  deferred.retry_time = Now();
  const FlushResult flushed = Flush(stale, {OutcomeOf(stale.mails[0], Kind::kSent),
                                            OutcomeOf(stale.mails[1], Kind::kFailed), deferred});
  EXPECT_FALSE(flushed.live);
  EXPECT_EQ(flushed.recorded, 1);
  EXPECT_EQ(StateOf(ids[0]), State::kSent);
  EXPECT_EQ(StateOf(ids[1]), State::kQueued);

  Advance(absl::Seconds(1));
  const Claim recovered = Take(Lane::kBulk);
  ASSERT_THAT(recovered.mails, SizeIs(3));
  for (const ClaimedMail& claimed : recovered.mails) {
    EXPECT_EQ(claimed.already_sent, claimed.mail.id == ids[0]);
  }
  FlushAll(recovered, Kind::kSent);
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(stale.mails[0].mail.batch, absl::InfiniteFuture()));
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].count, 3) << "a mail counts once";
}

TEST_F(PgQueueLeaseTest, LateSentOutcomeOverridesFailure) {
  const std::vector<MessageId> ids = AcceptBatch("late", 1);
  const Claim stale = Take(Lane::kBulk);
  ASSERT_THAT(stale.mails, SizeIs(1));
  EXPECT_THAT(Abandon(), IsOkAndHolds(1));
  Advance(absl::Seconds(1));
  FlushAll(Take(Lane::kBulk), Kind::kFailed, Reason::kContentRejected);
  EXPECT_EQ(StateOf(ids[0]), State::kFailed);
  FlushAll(stale, Kind::kSent);
  EXPECT_EQ(StateOf(ids[0]), State::kSent);
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(stale.mails[0].mail.batch, absl::InfiniteFuture()));
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].kind, Kind::kSent);
  EXPECT_EQ(batch.counts[0].count, 1);
}

TEST_F(PgQueueLeaseTest, ResumeReturnsHeldMail) {
  AcceptBatch("resume", 3);
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(3));
  Flush(claim, {OutcomeOf(claim.mails[0], Kind::kSent)}, /*last=*/false);
  ASSERT_OK_AND_ASSIGN(const Claim resumed, queue().Resume(claim.id, absl::Minutes(1)));
  EXPECT_EQ(resumed.id, claim.id);
  EXPECT_EQ(resumed.lane, Lane::kBulk);
  EXPECT_EQ(resumed.shard, claim.shard);
  ASSERT_THAT(resumed.mails, SizeIs(2));
  EXPECT_EQ(resumed.mails[0].mail.context, claim.mails[1].mail.context);
  EXPECT_EQ(resumed.mails[0].delivery_count, claim.mails[1].delivery_count);
  ASSERT_OK_AND_ASSIGN(const Claim unknown, queue().Resume(claim.id + 1000, absl::Minutes(1)));
  EXPECT_THAT(unknown.mails, IsEmpty());
}

TEST_F(PgQueueLeaseTest, ResumeExtendsTheLeaseOfAHeldClaimOnly) {
  AcceptBatch("resume", 3);
  const Claim claim = Take(Lane::kBulk, 100, absl::Minutes(1));
  ASSERT_OK(queue().Resume(claim.id, absl::Hours(1)).status());
  EXPECT_THAT(Abandon(), IsOkAndHolds(0)) << "its lease is an hour now";
  ASSERT_OK(queue().Resume(claim.id, absl::Minutes(1)).status());
  EXPECT_THAT(Abandon(), IsOkAndHolds(3));
  ASSERT_OK_AND_ASSIGN(const Claim lost, queue().Resume(claim.id, absl::Hours(1)));
  EXPECT_THAT(lost.mails, IsEmpty()) << "another worker may have them";
}

}  // namespace
}  // namespace lmsmail::dispatch
