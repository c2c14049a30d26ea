#include <vector>

#include "absl/time/clock.h"

#include "libs/testing/status_matchers.h"
#include "services/dispatch/message/message_id.h"
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
  EXPECT_THAT(log().List({}, std::nullopt, 10, past), late);
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

// Scheduled mail has no outcomes that would tell its retries apart.
TEST_F(PgQueueControlTest, RemembersEveryRetryOfScheduledMail) {
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(24 * 40);
  const MessageId id = AcceptOne(later).items[0].id;
  for (const std::string request_id : {"first", "second", "third"}) {
    EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
    ASSERT_OK(queue().Retry(id, request_id, absl::InfiniteFuture()));
    EXPECT_EQ(StateOf(id), State::kScheduled);
    EXPECT_EQ(Get(id).next_attempt_time, Get(id).mail.due_time);
  }
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  for (const std::string request_id : {"first", "second", "third"}) {
    ASSERT_OK(queue().Retry(id, request_id, absl::InfiniteFuture())) << "done earlier";
    EXPECT_EQ(StateOf(id), State::kCancelled) << request_id;
  }
  ASSERT_OK_AND_ASSIGN(const History history, log().Explain(id, absl::InfiniteFuture()));
  EXPECT_THAT(history.retries, SizeIs(3));
}

TEST_F(PgQueueControlTest, CancelsMailThatWasRetriedWhileItWasScheduled) {
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(30);
  const MessageId id = AcceptOne(later).items[0].id;
  ASSERT_OK(queue().Cancel(id, absl::InfiniteFuture()));
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  Advance(absl::Hours(48));  // nobody promoted it in time
  ASSERT_OK(queue().Promote(absl::InfiniteFuture()));
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kCancelled));
  EXPECT_THAT(TakeAll(Lane::kTransactional), IsEmpty());
}

constexpr absl::Duration kPartition = absl::Hours(24 * kPartitionDays);

// Keys, batches and the log have one retention.
class RetentionTest : public PgQueueControlTest {
 protected:
  // Purges the partition of today and forgets its keys. Returns the number of steps.
  int PurgeToday() { return PurgeBefore(Now() + kPartition); }
  int PurgeBefore(absl::Time time) {
    EXPECT_OK(queue().Purge(time, /*count_only=*/false, absl::InfiniteFuture()));
    int steps = 0;
    for (;;) {
      const auto more = queue().ForgetKeys();
      EXPECT_OK(more);
      if (!more.value_or(false)) return steps;
      ++steps;
    }
  }
};

TEST_F(RetentionTest, KeysLiveAsLongAsTheLog) {
  Submission keyed = Batch("batch", 1);
  keyed.items[0].dedupe_key = "item";
  const MessageId item = AcceptOne(keyed).items[0].id;
  const MessageId id = Ended("key", Kind::kSent);
  FlushAll(Take(Lane::kBulk), Kind::kSent);
  ASSERT_OK(
      log().RecordEvents({{"event", EventType::kOpened, id, Now(), ""}}, absl::InfiniteFuture()));
  Advance(absl::Hours(24 * 80));
  ASSERT_OK(queue().Maintain());
  EXPECT_THAT(queue().ForgetKeys(), IsOkAndHolds(false));
  EXPECT_EQ(Query("SELECT count(*) FROM event_key"), "1");
  EXPECT_TRUE(AcceptOne(Send("key")).replayed);
  EXPECT_TRUE(AcceptOne(keyed).replayed);

  EXPECT_GE(PurgeToday(), 1);
  EXPECT_EQ(Query("SELECT count(*) FROM request"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM dedupe"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM event_key"), "0");
  const Accepted again = AcceptOne(Send("key"));
  EXPECT_FALSE(again.replayed);
  EXPECT_NE(again.items.at(0).id, id);
  keyed.request_id = "other batch";
  EXPECT_NE(AcceptOne(keyed).items.at(0).id, item);
}

TEST_F(RetentionTest, KeysOfUnsentMailStay) {
  AcceptMail("waiting");
  Submission scheduled = Send("in sixty days");
  scheduled.due_time = Now() + absl::Hours(24 * 60);
  AcceptOne(scheduled);
  PurgeToday();
  EXPECT_TRUE(AcceptOne(Send("waiting")).replayed);
  EXPECT_TRUE(AcceptOne(scheduled).replayed);
}

TEST_F(RetentionTest, ABatchAndAllItsKeysStayUntilItsLastMailLeaves) {
  const Accepted first = AcceptOne(Batch("batch", 2, /*chunk=*/0));
  Submission last = Batch("batch", 2, /*chunk=*/1);
  last.due_time = Now() + absl::Hours(24 * 60);
  AcceptOne(last);
  FlushAll(Take(Lane::kBulk), Kind::kSent);
  PurgeToday();
  EXPECT_OK(log().GetBatch(first.batch, absl::InfiniteFuture()));
  EXPECT_TRUE(AcceptOne(Batch("batch", 2, /*chunk=*/0)).replayed)
      << "otherwise this mail would join the old batch";
  EXPECT_EQ(Query("SELECT count(*) FROM queue"), "0");

  database().Execute(
      "UPDATE request SET first_id = first_id_of(day_of(now()) + 8) WHERE chunk = 1;"
      "SELECT ensure_partitions(day_of(now()) + d) FROM unnest('{8, 24}'::int8[]) d");
  PurgeBefore(Now() + 2 * kPartition);
  EXPECT_THAT(log().GetBatch(first.batch, absl::InfiniteFuture()),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_EQ(Query("SELECT count(*) FROM request"), "0");
}

TEST_F(RetentionTest, ARepeatedRequestNeverJoinsAnOldCancelledBatch) {
  const Accepted old = AcceptOne(Batch("batch", 1));
  ASSERT_OK(queue().CancelBatch(old.batch, absl::InfiniteFuture()));
  FlushAll(Take(Lane::kBulk), Kind::kCancelled, Reason::kCancelled);
  for (int days = 0; days < 120; days += 10) {
    Advance(absl::Hours(24 * 10));
    const Accepted again = AcceptOne(Batch("batch", 1));
    EXPECT_TRUE(again.replayed) << days;
    EXPECT_EQ(again.batch, old.batch);
  }
  PurgeToday();
  const Accepted fresh = AcceptOne(Batch("batch", 1));
  EXPECT_FALSE(fresh.replayed);
  EXPECT_NE(fresh.batch, old.batch);
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(1));
  EXPECT_FALSE(claim.mails[0].cancelled);
  EXPECT_EQ(Query("SELECT count(*) FROM cancellation"), "0");
}

TEST_F(RetentionTest, ForgetsManyKeysInBoundedSteps) {
  database().Execute(
      "INSERT INTO dedupe (msg_id, key) SELECT first_id_of(day_of(now())) + i, 'k' || i "
      "  FROM generate_series(1, 12000) i;"
      "INSERT INTO event_key (digest, msg_id) SELECT i, first_id_of(day_of(now())) + i / 6000 "
      "  FROM generate_series(1, 12000) i;"
      "INSERT INTO request (digest, first_id, chunk, is_batch, request_id) "
      "SELECT 0, first_id_of(day_of(now())) + i, 0, false, 'r' || i "
      "  FROM generate_series(1, 7000) i");
  const int steps = PurgeToday();
  EXPECT_GE(steps, 3);
  EXPECT_LE(steps, 4) << "yesterday may be in another partition";
  EXPECT_EQ(Query("SELECT count(*) FROM dedupe"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM event_key"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM request"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM purged_partition"), "0");
}

TEST_F(PgQueueControlTest, PurgeKeepsDaysWithWaitingMail) {
  const MessageId id = AcceptMail("old");
  const absl::Time end = Now() + kPartition;
  ASSERT_OK_AND_ASSIGN(auto purged,
                       queue().Purge(end, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, kPartitionDays);
  EXPECT_EQ(StateOf(id), State::kQueued);
  const Claim claim = Take();
  ASSERT_OK_AND_ASSIGN(purged, queue().Purge(end, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, kPartitionDays);
  FlushAll(claim, Kind::kSent);
  ASSERT_OK_AND_ASSIGN(purged, queue().Purge(end, /*count_only=*/true, absl::InfiniteFuture()));
  EXPECT_EQ(purged.kept_days, 0);
  EXPECT_GE(purged.dropped_days, 1);
  EXPECT_EQ(StateOf(id), State::kSent);
  ASSERT_OK_AND_ASSIGN(purged, queue().Purge(end, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_GE(purged.dropped_days, 1);
  EXPECT_THAT(log().Get(id, absl::InfiniteFuture()), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(PgQueueControlTest, AcceptsAfterPurgeOfToday) {
  ASSERT_OK(queue().Purge(Now() + kPartition, /*count_only=*/false, absl::InfiniteFuture()));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), IsEmpty());
  const MessageId id = AcceptMail("next");
  EXPECT_THAT(IdsOf(TakeAll(Lane::kTransactional)), ElementsAre(id));
}

}  // namespace
}  // namespace lmsmail::dispatch
