#include <algorithm>
#include <thread>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

class PgQueueClaimTest : public PgQueueFixture {};

TEST_F(PgQueueClaimTest, ClaimsBatchInItsOrder) {
  const std::vector<MessageId> ids = AcceptBatch("ordered", 10);
  const Claim first = Take(Lane::kBulk, 4);
  const Claim second = Take(Lane::kBulk, 100);
  std::vector<MessageId> taken;
  for (const Claim* claim : {&first, &second}) {
    for (const ClaimedMail& claimed : claim->mails) taken.push_back(claimed.mail.id);
  }
  EXPECT_THAT(first.mails, SizeIs(4));
  EXPECT_EQ(taken, ids);
}

// Holds every connection of the pool for calls, as statements do that take long.
TEST_F(PgQueueClaimTest, WorksWhileCallsHoldAllTheirConnections) {
  const MessageId id = AcceptMail("receipt");
  postgres::PoolOptions options = database().pool().options();
  options.size = 2;
  options.checkout_timeout = absl::Milliseconds(10);
  ASSERT_OK_AND_ASSIGN(const auto pool, postgres::Pool::Create(options));
  PgQueueStore calls(*pool, static_cast<PgQueueStore&>(queue()));
  ASSERT_OK_AND_ASSIGN(const auto slow, pool->Checkout(absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const auto slower, pool->Checkout(absl::InfiniteFuture()));
  EXPECT_THAT(calls.Depths(absl::InfiniteFuture()), StatusIs(absl::StatusCode::kUnavailable));

  const Claim claim = Take();
  ASSERT_THAT(claim.mails, SizeIs(1));
  EXPECT_THAT(queue().Extend({claim.id}, absl::Minutes(1)), IsOkAndHolds(SizeIs(1)));
  EXPECT_TRUE(FlushAll(claim, Kind::kSent).live);
  EXPECT_EQ(StateOf(id), State::kSent);
}

TEST_F(PgQueueClaimTest, ClaimsOnlyFromTheGivenLane) {
  AcceptMail("critical", Lane::kCritical);
  AcceptMail("bulk", Lane::kBulk);
  EXPECT_THAT(Take(Lane::kNotification).mails, IsEmpty());
  EXPECT_THAT(Take(Lane::kBulk).mails, SizeIs(1));
  EXPECT_THAT(Take(Lane::kCritical).mails, SizeIs(1));
}

TEST_F(PgQueueClaimTest, ConcurrentClaimsNeverShareMail) {
  constexpr int kMails = 600;
  for (int i = 0; i < 6; ++i) AcceptBatch("many-" + std::to_string(i), kMails / 6);
  Advance(absl::Seconds(1));
  std::vector<std::vector<Claim>> claims(4);
  std::vector<std::thread> workers;
  for (std::vector<Claim>& mine : claims) {
    workers.emplace_back([&] {
      for (;;) {
        Claim claim = Take(Lane::kBulk, 7);
        if (!claim.mails.empty()) {
          mine.push_back(std::move(claim));
          continue;
        }
        // The lane is empty, or another worker is claiming from it.
        const auto depths = queue().Depths(absl::InfiniteFuture());
        if (!depths.ok() || (*depths)[3].due == 0) return;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  std::vector<Claim> all;
  for (std::vector<Claim>& mine : claims) std::move(mine.begin(), mine.end(), back_inserter(all));
  std::vector<MessageId> ids = IdsOf(all);
  EXPECT_THAT(ids, SizeIs(kMails));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end()) << "a mail was claimed twice";
}

TEST_F(PgQueueClaimTest, FinalOutcomeEndsMail) {
  const MessageId id = AcceptMail("sent");
  const Claim claim = Take();
  EXPECT_EQ(StateOf(id), State::kSending);
  Outcome outcome = OutcomeOf(claim.mails[0], Kind::kSent);
  outcome.content_hash = std::string(32, '\xab');
  const FlushResult flushed = Flush(claim, {outcome});
  EXPECT_TRUE(flushed.live);
  EXPECT_EQ(flushed.recorded, 1);
  const MessageRecord record = Get(id);
  EXPECT_EQ(record.state, State::kSent);
  EXPECT_EQ(record.attempt_count, 1);
  EXPECT_EQ(record.detail, "noted");
  EXPECT_EQ(record.content_hash, outcome.content_hash);
  EXPECT_THAT(queue().InFlight(0, 10, absl::InfiniteFuture()), IsOkAndHolds(IsEmpty()));
}

TEST_F(PgQueueClaimTest, EachOutcomeKindHasItsState) {
  EXPECT_EQ(StateOf(Ended("1", Kind::kFailed)), State::kFailed);
  EXPECT_EQ(StateOf(Ended("2", Kind::kCancelled)), State::kCancelled);
  EXPECT_EQ(StateOf(Ended("3", Kind::kExpired)), State::kExpired);
  EXPECT_EQ(StateOf(Ended("4", Kind::kUncertain)), State::kUncertain);
  const MessageRecord skipped = Get(Ended("5", Kind::kSkipped, Reason::kUnsubscribed));
  EXPECT_EQ(skipped.state, State::kSkipped);
  EXPECT_EQ(skipped.reason, Reason::kUnsubscribed);
}

TEST_F(PgQueueClaimTest, PartialFlushKeepsTheRestClaimed) {
  const std::vector<MessageId> ids = AcceptBatch("part", 3);
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(3));
  Flush(claim, {OutcomeOf(claim.mails[1], Kind::kSent)}, /*last=*/false);
  EXPECT_EQ(StateOf(ids[0]), State::kSending);
  EXPECT_EQ(StateOf(ids[1]), State::kSent);
  ASSERT_OK_AND_ASSIGN(const auto in_flight, queue().InFlight(0, 10, absl::InfiniteFuture()));
  ASSERT_THAT(in_flight, SizeIs(1));
  EXPECT_EQ(in_flight[0].id, claim.id);
  EXPECT_EQ(in_flight[0].worker, "worker");
  EXPECT_EQ(in_flight[0].lane, Lane::kBulk);
  EXPECT_EQ(in_flight[0].count, 3);
  EXPECT_THAT(in_flight[0].open, ElementsAre(ids[0], ids[2]));
  EXPECT_THAT(queue().InFlight(claim.id, 10, absl::InfiniteFuture()), IsOkAndHolds(IsEmpty()));
}

TEST_F(PgQueueClaimTest, RepeatedFlushChangesNothing) {
  AcceptBatch("repeat", 2);
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(2));
  Outcome deferred = OutcomeOf(claim.mails[0], Kind::kDeferred, Reason::kUnreachable);
  deferred.retry_time = Now();
  const std::vector<Outcome> outcomes = {deferred, OutcomeOf(claim.mails[1], Kind::kSent)};
  EXPECT_EQ(Flush(claim, outcomes, /*last=*/false).recorded, 2);
  EXPECT_EQ(Flush(claim, outcomes, /*last=*/false).recorded, 0);
  EXPECT_EQ(Flush(claim, outcomes, /*last=*/true).recorded, 0);
  EXPECT_EQ(Flush(claim, outcomes, /*last=*/true).recorded, 0);
  Advance(absl::Seconds(1));
  EXPECT_THAT(IdsOf(TakeAll(Lane::kBulk)), SizeIs(1));
  ASSERT_OK_AND_ASSIGN(const BatchRecord batch,
                       log().GetBatch(claim.mails[0].mail.batch, absl::InfiniteFuture()));
  ASSERT_THAT(batch.counts, SizeIs(1));
  EXPECT_EQ(batch.counts[0].count, 1);
}

TEST_F(PgQueueClaimTest, DeferredMailIsDueAtItsRetryTime) {
  const MessageId id = AcceptMail("deferred");
  const absl::Time due = Get(id).mail.due_time;
  const Claim first = Take();
  ASSERT_THAT(first.mails, SizeIs(1));
  Outcome deferred = OutcomeOf(first.mails[0], Kind::kDeferred, Reason::kDeferredByServer);
  deferred.retry_time = Now() + absl::Minutes(10);
  Flush(first, {deferred});
  const MessageRecord waiting = Get(id);
  EXPECT_EQ(waiting.state, State::kQueued);
  EXPECT_EQ(waiting.reason, Reason::kDeferredByServer);
  EXPECT_EQ(waiting.attempt_count, 1);
  ASSERT_TRUE(waiting.next_attempt_time.has_value());
  EXPECT_LT(absl::AbsDuration(*waiting.next_attempt_time - deferred.retry_time), absl::Seconds(1));
  EXPECT_THAT(Take().mails, IsEmpty());
  Advance(absl::Minutes(10) + absl::Seconds(1));
  const Claim second = Take();
  ASSERT_THAT(second.mails, SizeIs(1));
  EXPECT_EQ(second.mails[0].mail.id, id);
  EXPECT_EQ(second.mails[0].delivery_count, 2);
  EXPECT_EQ(second.mails[0].attempt, 1);
  EXPECT_FALSE(second.mails[0].recovered);
  EXPECT_LT(absl::AbsDuration(second.mails[0].mail.due_time - due),
            absl::Minutes(11))  // Advance() moves stored times
      << "a retry does not change the due time";
}

TEST_F(PgQueueClaimTest, ReleaseReturnsMailWithoutOutcome) {
  const std::vector<MessageId> ids = AcceptBatch("release", 3);
  const Claim claim = Take(Lane::kBulk);
  ASSERT_THAT(claim.mails, SizeIs(3));
  Flush(claim, {OutcomeOf(claim.mails[0], Kind::kSent)}, /*last=*/false);
  EXPECT_THAT(queue().Release(claim.id), IsOkAndHolds(2));
  EXPECT_THAT(queue().Release(claim.id), IsOkAndHolds(0));
  EXPECT_EQ(StateOf(ids[1]), State::kQueued);
  const Claim again = Take(Lane::kBulk);
  ASSERT_THAT(again.mails, SizeIs(2));
  EXPECT_EQ(again.mails[0].mail.id, ids[1]);
  EXPECT_EQ(again.mails[0].delivery_count, 1);
  EXPECT_EQ(again.mails[0].attempt, 0);
  EXPECT_FALSE(again.mails[0].recovered);
}

TEST_F(PgQueueClaimTest, PausedLaneIsNotClaimed) {
  AcceptMail("waits");
  ASSERT_OK(queue().SetPaused(Lane::kTransactional, true, "ann: provider is down",
                              absl::InfiniteFuture()));
  ASSERT_OK(queue().SetPaused(Lane::kTransactional, true, "ann: provider is down",
                              absl::InfiniteFuture()));
  EXPECT_THAT(Take().mails, IsEmpty());
  EXPECT_THAT(queue().NextDue(kLanes), IsOkAndHolds(std::nullopt));
  ASSERT_OK_AND_ASSIGN(auto depths, queue().Depths(absl::InfiniteFuture()));
  EXPECT_TRUE(depths[1].paused);
  EXPECT_EQ(depths[1].pause_detail, "ann: provider is down");
  EXPECT_FALSE(depths[0].paused);
  ASSERT_OK(queue().SetPaused(Lane::kTransactional, false, "", absl::InfiniteFuture()));
  EXPECT_THAT(Take().mails, SizeIs(1));
}

TEST_F(PgQueueClaimTest, DepthsCountEachLane) {
  AcceptBatch("due", 3);
  Submission later = Batch("later", 2);
  later.due_time = Now() + absl::Hours(1);
  AcceptOne(later);
  ASSERT_OK_AND_ASSIGN(auto depths, queue().Depths(absl::InfiniteFuture()));
  ASSERT_THAT(depths, SizeIs(4));
  EXPECT_EQ(depths[3].lane, Lane::kBulk);
  EXPECT_EQ(depths[3].due, 3);
  EXPECT_EQ(depths[3].waiting, 2);
  EXPECT_TRUE(depths[3].oldest_due.has_value());
  EXPECT_EQ(depths[0].due, 0);
  EXPECT_FALSE(depths[0].oldest_due.has_value());
  Take(Lane::kBulk, 2);
  ASSERT_OK_AND_ASSIGN(depths, queue().Depths(absl::InfiniteFuture()));
  EXPECT_EQ(depths[3].due, 1);
  EXPECT_EQ(depths[3].in_flight, 2);
}

TEST_F(PgQueueClaimTest, NextDueConsidersTheGivenLanesOnly) {
  AcceptBatch("due", 3);
  Submission later = Batch("later", 2);
  later.due_time = Now() + absl::Hours(30);
  later.lane = Lane::kNotification;
  AcceptOne(later);
  EXPECT_THAT(queue().NextDue({Lane::kCritical, Lane::kTransactional}), IsOkAndHolds(std::nullopt));
  ASSERT_OK_AND_ASSIGN(const auto notification, queue().NextDue({Lane::kNotification}));
  EXPECT_EQ(notification, later.due_time);
  ASSERT_OK_AND_ASSIGN(const auto bulk, queue().NextDue({Lane::kNotification, Lane::kBulk}));
  EXPECT_LE(bulk, Now());
}

TEST_F(PgQueueClaimTest, CountsRefusalsOfTheSenderAndResendsOfEachMailSinceItsRetry) {
  const MessageId id = AcceptMail("a");
  const auto defer = [&](Reason reason, int reply_code) {
    const Claim claim = Take();
    Outcome outcome = OutcomeOf(claim.mails.at(0), Kind::kDeferred, reason);
    outcome.reply_code = reply_code;
    Flush(claim, {outcome});
  };
  defer(Reason::kDeferredByServer, 451);
  defer(Reason::kSenderRejected, 550);
  defer(Reason::kSenderRejected, 0);  // the circuit breaker was open
  defer(Reason::kSenderRejected, 554);
  defer(Reason::kConnectionLostAfterData, 0);
  const Claim claim = Take();
  EXPECT_EQ(claim.mails.at(0).sender_rejections, 2);
  EXPECT_EQ(claim.mails.at(0).resends, 1);
  FlushAll(claim, Kind::kFailed, Reason::kSenderRejected);
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  const Claim retried = Take();
  EXPECT_EQ(retried.mails.at(0).sender_rejections, 0);
  EXPECT_EQ(retried.mails.at(0).resends, 0);
}

TEST_F(PgQueueClaimTest, KnowsTheTransportWhereAMailMayHaveArrivedSinceItsRetry) {
  const MessageId id = AcceptMail("a");
  const auto peek = [&] {
    const Claim claim = Take();
    EXPECT_OK(queue().Release(claim.id));
    return claim.mails.at(0);
  };
  const auto defer = [&](Reason reason, std::string transport) {
    const Claim claim = Take();
    Outcome outcome = OutcomeOf(claim.mails.at(0), Kind::kDeferred, reason);
    outcome.transport = std::move(transport);
    Flush(claim, {outcome});
  };
  defer(Reason::kUnreachable, "mailgun");
  EXPECT_EQ(peek().uncertain_transport, "");
  defer(Reason::kConnectionLostAfterData, "sendgrid");
  EXPECT_EQ(peek().uncertain_transport, "sendgrid");
  defer(Reason::kUnreachable, "sendgrid");
  defer(Reason::kCheckUnavailable, "");
  const Claim claim = Take();
  EXPECT_EQ(claim.mails.at(0).uncertain_transport, "sendgrid") << "whatever came after";
  FlushAll(claim, Kind::kUncertain, Reason::kConnectionLostAfterData);
  ASSERT_OK(queue().Retry(id, "again", absl::InfiniteFuture()));
  EXPECT_EQ(Take().mails.at(0).uncertain_transport, "") << "whoever retries it accepts two";
}

TEST_F(PgQueueClaimTest, KnowsTheTransportThatGaveAMailBackTheLastTime) {
  AcceptMail("a");
  const auto peek = [&] {
    const Claim claim = Take();
    EXPECT_OK(queue().Release(claim.id));
    return claim.mails.at(0);
  };
  const auto defer = [&](Reason reason, std::string transport, int reply_code = 0) {
    const Claim claim = Take();
    Outcome outcome = OutcomeOf(claim.mails.at(0), Kind::kDeferred, reason);
    outcome.transport = std::move(transport);
    outcome.reply_code = reply_code;
    Flush(claim, {outcome});
    return peek().returned_by;
  };
  EXPECT_EQ(peek().returned_by, "");
  EXPECT_EQ(defer(Reason::kUnreachable, "sendgrid", 421), "sendgrid");
  EXPECT_EQ(defer(Reason::kRateLimited, "mailgun"), "mailgun") << "its queue was full";
  EXPECT_EQ(defer(Reason::kRateLimited, ""), "") << "a rate limit is not the transport's answer";
  EXPECT_EQ(defer(Reason::kSenderRejected, "sendgrid"), "sendgrid") << "its breaker was open";
  EXPECT_EQ(defer(Reason::kSenderRejected, "sendgrid", 550), "") << "an attempt that it refused";
  EXPECT_EQ(defer(Reason::kDeferredByServer, "sendgrid", 451), "");
}

TEST_F(PgQueueClaimTest, NothingIsDueInEmptyQueue) {
  EXPECT_THAT(queue().NextDue(kLanes), IsOkAndHolds(std::nullopt));
  EXPECT_THAT(Take().mails, IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
