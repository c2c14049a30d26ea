#include <vector>

#include "absl/time/clock.h"

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

class PgQueueControlTest : public PgQueueFixture {};

TEST_F(PgQueueControlTest, CallsRespectTheirDeadline) {
  const MessageId id = AcceptMail("k");
  const absl::Time past = absl::Now() - absl::Seconds(1);
  const std::vector<Submission> submissions = {Send("other")};
  const auto late = StatusIs(absl::StatusCode::kDeadlineExceeded);
  EXPECT_THAT(queue().Accept(submissions, past), late);
  EXPECT_THAT(queue().Cancel(id, past), late);
  EXPECT_THAT(queue().CancelBatch(1, past), late);
  EXPECT_THAT(queue().Retry(id, "again", past), late);
  EXPECT_THAT(queue().SetPaused(Lane::kBulk, true, "", past), late);
  EXPECT_THAT(queue().Depths(past), late);
  EXPECT_THAT(queue().InFlight(0, 10, past), late);
  EXPECT_THAT(queue().RecoverExpired(past), late);
  EXPECT_THAT(queue().Promote(past), late);
  EXPECT_THAT(queue().Purge(Now(), false, past), late);

  EXPECT_THAT(log().FindByKey("k", past), late);
  EXPECT_THAT(log().FindRequest("k", past), late);
  EXPECT_THAT(log().Get(id, past), late);
  EXPECT_THAT(log().Explain(id, past), late);
  EXPECT_THAT(log().List({}, 0, 10, past), late);
  EXPECT_THAT(log().GetBatch(1, past), late);
  EXPECT_THAT(log().RecordEvents({}, past), late);
  EXPECT_THAT(log().AddressReports(Now(), past), late);
  EXPECT_THAT(log().Stats(Now(), Now(), "", past), late);
  EXPECT_THAT(log().RecentOutcomes(past), late);
}

TEST_F(PgQueueControlTest, CancelsWaitingMail) {
  const MessageId id = AcceptMail("waiting");
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_EQ(StateOf(id), State::kCancelled);
  EXPECT_EQ(Get(id).reason, Reason::kCancelled);
  EXPECT_THAT(Take().mails, IsEmpty());
}

TEST_F(PgQueueControlTest, CancelsDeferredMail) {
  const MessageId id = AcceptMail("deferred");
  const Claim claim = Take();
  ASSERT_THAT(claim.mails, SizeIs(1));
  Outcome deferred = OutcomeOf(claim.mails[0], Kind::kDeferred);
  deferred.retry_time = Now() + absl::Hours(1);
  Flush(claim, {deferred});
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_EQ(StateOf(id), State::kCancelled);
  Advance(absl::Hours(2));
  EXPECT_THAT(Take().mails, IsEmpty());
}

TEST_F(PgQueueControlTest, RequestsCancellationOfClaimedMail) {
  ASSERT_OK_AND_ASSIGN(const Cancellations before, queue().CancellationsSince(0));
  const MessageId id = AcceptMail("held");
  const Claim claim = Take();
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kRequested));
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kRequested));
  EXPECT_EQ(StateOf(id), State::kSending);
  ASSERT_OK_AND_ASSIGN(const Cancellations asked, queue().CancellationsSince(before.cursor));
  EXPECT_THAT(asked.messages, ElementsAre(id));
  ASSERT_OK_AND_ASSIGN(const Cancellations after, queue().CancellationsSince(asked.cursor));
  EXPECT_THAT(after.messages, IsEmpty());
  EXPECT_EQ(after.cursor, asked.cursor);
  EXPECT_THAT(queue().Release(claim.id), IsOkAndHolds(1));
  const Claim again = Take();
  ASSERT_THAT(again.mails, SizeIs(1));
  EXPECT_TRUE(again.mails[0].cancelled) << "the next claim shows the request too";
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_TRUE(history.cancel_requested.has_value());
}

TEST_F(PgQueueControlTest, CancelIsTooLateForEndedMail) {
  EXPECT_THAT(queue().Cancel(Ended("1", Kind::kSent), absl::InfiniteFuture()),
              IsOkAndHolds(CancelResult::kTooLate));
  EXPECT_THAT(queue().Cancel(Ended("2", Kind::kFailed), absl::InfiniteFuture()),
              IsOkAndHolds(CancelResult::kTooLate));
  EXPECT_THAT(queue().Cancel(12345, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kNotFound));
}

TEST_F(PgQueueControlTest, CancelsMailOfLaterDay) {
  Submission later = Batch("later", 2);
  later.due_time = Now() + absl::Hours(24 * 40);
  const Accepted accepted = AcceptOne(later);
  const MessageId id = accepted.items[0].id;
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_EQ(StateOf(id), State::kCancelled);
  Advance(absl::Hours(24 * 39 + 1));
  EXPECT_THAT(queue().Promote(absl::InfiniteFuture()), IsOkAndHolds(2));
  EXPECT_EQ(StateOf(id), State::kCancelled);
  Advance(absl::Hours(24));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), ElementsAre(accepted.items[1].id));
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].kind, Kind::kCancelled);
  EXPECT_EQ(batch.counts[0].count, 1);
}

TEST_F(PgQueueControlTest, ClaimMarksMailOfCancelledBatch) {
  const Accepted accepted = AcceptOne(Batch("cancelled", 2));
  AcceptBatch("other", 1);
  ASSERT_OK(queue().CancelBatch(accepted.batch, absl::InfiniteFuture()));
  ASSERT_OK(queue().CancelBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_THAT(queue().CancelBatch(accepted.batch + 1000, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const Cancellations since, queue().CancellationsSince(0));
  EXPECT_THAT(since.batches, ElementsAre(accepted.batch));
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(accepted.batch, absl::InfiniteFuture()));
  EXPECT_TRUE(batch.cancelled);
  const std::vector<Claim> claims = TakeAll(Lane::kBulk);
  EXPECT_THAT(IdsOf(claims), SizeIs(3));
  for (const Claim& claim : claims) {
    for (const ClaimedMail& claimed : claim.mails) {
      EXPECT_EQ(claimed.cancelled, claimed.mail.batch == accepted.batch);
    }
  }
}

TEST_F(PgQueueControlTest, RetryReturnsEndedMailToTheQueue) {
  const MessageId id = Ended("failed", Kind::kFailed, Reason::kRecipientRejected);
  ASSERT_OK(queue().Retry(id, "again-1", absl::InfiniteFuture()));
  ASSERT_OK(queue().Retry(id, "again-1", absl::InfiniteFuture()));
  EXPECT_THAT(queue().Retry(id, "again-2", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(StateOf(id), State::kQueued);
  const std::vector<Claim> claims = TakeAll(Lane::kTransactional);
  ASSERT_THAT(IdsOf(claims), ElementsAre(id));
  EXPECT_EQ(claims[0].mails[0].delivery_count, 2);
  EXPECT_EQ(claims[0].mails[0].attempt, 1);
  EXPECT_EQ(StateOf(id), State::kSending);
  FlushAll(claims[0], Kind::kSent);
  ASSERT_OK(queue().Retry(id, "again-1", absl::InfiniteFuture()));
  EXPECT_THAT(queue().Retry(id, "again-2", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_EQ(history.record.state, State::kSent);
  ASSERT_THAT(history.outcomes, SizeIs(2));
  EXPECT_EQ(history.outcomes[0].outcome.kind, Kind::kFailed);
  ASSERT_THAT(history.retries, SizeIs(1));
  EXPECT_EQ(history.retries[0].request_id, "again-1");
}

TEST_F(PgQueueControlTest, RetryRequiresEndedMail) {
  const MessageId waiting = AcceptMail("waiting");
  EXPECT_THAT(queue().Retry(waiting, "r", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  Take();
  EXPECT_THAT(queue().Retry(waiting, "r", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_THAT(queue().Retry(12345, "r", absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PgQueueControlTest, RetryRevokesCancellation) {
  const MessageId id = AcceptMail("held");
  const Claim claim = Take();
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kRequested));
  FlushAll(claim, Kind::kCancelled, Reason::kCancelled);
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  const Claim again = Take();
  ASSERT_THAT(again.mails, SizeIs(1));
  EXPECT_FALSE(again.mails[0].cancelled);
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kRequested));
}

TEST_F(PgQueueControlTest, RetriedMailOfCancelledBatchIsNotCancelled) {
  const Accepted accepted = AcceptOne(Batch("batch", 1));
  ASSERT_OK(queue().CancelBatch(accepted.batch, absl::InfiniteFuture()));
  FlushAll(Take(Lane::kBulk), Kind::kCancelled, Reason::kCancelled);
  Advance(absl::Seconds(1));
  ASSERT_OK(queue().Retry(accepted.items[0].id, "again", absl::InfiniteFuture()));
  const Claim again = Take(Lane::kBulk);
  ASSERT_THAT(again.mails, SizeIs(1));
  EXPECT_FALSE(again.mails[0].cancelled);
}

TEST_F(PgQueueControlTest, RequestIdsExpireAfterThirtyDays) {
  const MessageId id = AcceptMail("key");
  ASSERT_OK(queue().Maintain());
  EXPECT_TRUE(AcceptOne(Send("key")).replayed);
  Advance(absl::Hours(24 * 31));
  ASSERT_OK(queue().Maintain());
  const Accepted again = AcceptOne(Send("key"));
  EXPECT_FALSE(again.replayed);
  EXPECT_NE(again.items.at(0).id, id);
}

TEST_F(PgQueueControlTest, PurgeKeepsDaysWithWaitingMail) {
  const MessageId id = AcceptMail("old");
  const absl::Time tomorrow = Now() + absl::Hours(24);
  ASSERT_OK_AND_ASSIGN(auto purged,
                       queue().Purge(tomorrow, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, 1);
  EXPECT_EQ(StateOf(id), State::kQueued);
  const Claim claim = Take();
  ASSERT_OK_AND_ASSIGN(purged,
                       queue().Purge(tomorrow, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, 1);
  FlushAll(claim, Kind::kSent);
  ASSERT_OK_AND_ASSIGN(purged,
                       queue().Purge(tomorrow, /*count_only=*/true, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, 0);
  EXPECT_GE(purged.dropped_days, 1);
  EXPECT_EQ(StateOf(id), State::kSent);
  ASSERT_OK_AND_ASSIGN(purged,
                       queue().Purge(tomorrow, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_GE(purged.dropped_days, 1);
  EXPECT_THAT(log().Get(id, absl::InfiniteFuture()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PgQueueControlTest, AcceptsAfterPurgeOfToday) {
  ASSERT_OK(queue().Purge(Now() + absl::Hours(24), /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), IsEmpty());
  const MessageId id = AcceptMail("next");
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), ElementsAre(id));
}

}  // namespace
}  // namespace lmsmail::dispatch
