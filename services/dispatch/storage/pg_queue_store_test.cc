#include "services/dispatch/storage/pg_queue_store.h"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "libs/postgres/session.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/pg_store_under_test.h"
#include "services/dispatch/storage/queue_store_contract.h"
#include "services/dispatch/storage/shard_choice.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

const StoreFactory kMakeStore = [] { return std::make_unique<PgStoreUnderTest>(); };

INSTANTIATE_TEST_SUITE_P(Postgres, QueueStoreContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(Postgres, MessageLogContract, testing::Values(kMakeStore));
INSTANTIATE_TEST_SUITE_P(Postgres, StoreInvariants, testing::Values(kMakeStore));

// What only this store promises.
class PgQueueStoreTest : public testing::Test {
 protected:
  Submission Batch(const std::string& request_id, int count) {
    Submission submission;
    submission.request_id = request_id;
    submission.batch = true;
    submission.template_ref = {"weekly_progress", 1, Category::kProgress};
    submission.lane = Lane::kBulk;
    submission.due_time = absl::InfinitePast();
    submission.expire_time = absl::Now() + absl::Hours(48);
    for (int i = 0; i < count; ++i) {
      submission.items.push_back(
          {{Target::Kind::kRecipient, fmt::format("recipients/{}", i)}, "context", ""});
    }
    return submission;
  }
  // Batches of two that wait in the same shard as `request_id`.
  std::vector<Submission> BatchesBeside(const std::string& request_id, std::size_t count) {
    std::vector<Submission> beside;
    for (int i = 0; beside.size() < count; ++i) {
      Submission batch = Batch(fmt::format("beside {}", i), 2);
      if (ShardFor(batch) == ShardFor(Batch(request_id, 2))) beside.push_back(std::move(batch));
    }
    return beside;
  }
  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(const Submission& submission) {
    return store_.queue().Accept({submission});
  }
  Claim Take(int limit = 100) {
    const auto id = store_.queue().NextClaimId();
    EXPECT_OK(id);
    auto claim = store_.queue().TakeDue(*id, "worker", Lane::kBulk, limit, absl::Seconds(30));
    EXPECT_OK(claim);
    return claim.ok() ? *std::move(claim) : Claim();
  }
  std::vector<Outcome> Outcomes(const Claim& claim, Outcome::Kind kind) {
    std::vector<Outcome> outcomes;
    for (const ClaimedMail& claimed : claim.mails) {
      Outcome outcome;
      outcome.id = claimed.mail.id;
      outcome.step = claimed.step;
      outcome.attempt = claimed.attempt + 1;
      outcome.kind = kind;
      outcome.retry_time = absl::Now();
      outcomes.push_back(outcome);
    }
    return outcomes;
  }

  PgStoreUnderTest store_;
};

TEST_F(PgQueueStoreTest, UpdatesNoRowOfAMail) {
  ASSERT_OK(Accept(Batch("updates", 50)));
  const Claim first = Take();
  ASSERT_FALSE(first.mails.empty());
  ASSERT_OK(store_.queue().Flush(first.id, Outcomes(first, Outcome::Kind::kDeferred), true));
  const Claim second = Take();
  ASSERT_FALSE(second.mails.empty());
  ASSERT_OK(store_.queue().Extend({second.id}, absl::ZeroDuration()));
  ASSERT_OK(store_.queue().RecoverExpired());
  const Claim third = Take();
  ASSERT_FALSE(third.mails.empty());
  ASSERT_OK(store_.queue().Cancel(third.mails[0].mail.id));
  ASSERT_OK(store_.queue().Flush(third.id, Outcomes(third, Outcome::Kind::kFailed), true));
  ASSERT_OK(store_.queue().Retry(third.mails[1].mail.id, "again"));
  // Only a session that ends reports all that it has counted.
  store_.Reconnect();
  EXPECT_EQ(store_.Query("SELECT coalesce(sum(n_tup_upd), 0) FROM pg_stat_user_tables "
                         "WHERE relname ~ '^(message|queue|result|scheduled|event|tally)'"),
            "0");
  EXPECT_NE(store_.Query("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'queue'"), "0");
}

TEST_F(PgQueueStoreTest, AMailBeingClaimedIsInOneOfTheCounts) {
  ASSERT_OK(Accept(Batch("counted", 1)));
  std::atomic<bool> stop = false;
  std::thread claims([&] {
    while (!stop) {
      const Claim claim = Take();
      if (claim.mails.empty()) continue;
      EXPECT_OK(store_.queue().Release(claim.id));
    }
  });
  for (int i = 0; i < 300; ++i) {
    auto depths = store_.queue().Depths();
    EXPECT_OK(depths);
    if (!depths.ok()) break;
    std::int64_t mails = 0;
    for (const LaneDepth& lane : *depths) mails += lane.due + lane.waiting + lane.in_flight;
    EXPECT_EQ(mails, 1);
  }
  stop = true;
  claims.join();
}

TEST_F(PgQueueStoreTest, AcceptMakesMissingPartitions) {
  // As if nobody had tidied up for days.
  store_.Query(
      "SELECT count(drop_partition(t, day_of(now()) + d)) FROM generate_series(-1, 3) d, "
      "unnest('{event,result,message}'::text[]) t");
  ASSERT_OK_AND_ASSIGN(const auto accepted, Accept(Batch("midnight", 3)));
  EXPECT_OK(accepted.at(0));
  EXPECT_EQ(store_.Query("SELECT count(*) FROM message"), "3");
}

TEST_F(PgQueueStoreTest, PartitionsOfTheComingDaysExist) {
  const std::string count =
      "SELECT count(*) FROM pg_inherits WHERE inhparent = 'message'::regclass";
  EXPECT_EQ(store_.Query(count), "5");
  store_.Query(
      "SELECT count(drop_partition(t, day_of(now()) + 3)) FROM "
      "unnest('{event,result,message}'::text[]) t");
  ASSERT_OK(store_.queue().Maintain());
  EXPECT_EQ(store_.Query(count), "5");
}

// A flush writes a result, then looks the mail up.
TEST_F(PgQueueStoreTest, PurgeNeverWaitsForOneTableWhileItHoldsAnother) {
  ASSERT_OK(Accept(Batch("purged", 3)));
  const Claim claim = Take();
  ASSERT_OK(store_.queue().Flush(claim.id, Outcomes(claim, Outcome::Kind::kSent), true));
  ASSERT_OK_AND_ASSIGN(postgres::Pool::Lease lease, store_.pool().Checkout(absl::InfiniteFuture()));
  pqxx::work flush(lease->connection());
  flush.exec("LOCK TABLE result IN ROW EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms'");
  absl::StatusOr<QueueStore::Purged> purged = absl::UnknownError("");
  std::thread purge(
      [&] { purged = store_.queue().Purge(absl::Now() + absl::Hours(24), /*count_only=*/false); });
  while (store_.Query("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = "
                      "'dispatch.result'::regclass") == "0") {
    std::this_thread::yield();
  }
  EXPECT_NO_THROW(flush.exec("SELECT count(*) FROM message"));
  flush.commit();
  purge.join();
  ASSERT_OK(purged);
  EXPECT_EQ(purged->dropped_days, 2);
}

TEST_F(PgQueueStoreTest, AShardThatIsBeingClaimedIsPassedOver) {
  ASSERT_OK(Accept(Batch("one shard", 3)));
  const std::string shard = store_.Query("SELECT shard FROM queue LIMIT 1");
  ASSERT_OK_AND_ASSIGN(auto lease, store_.pool().Checkout(absl::InfiniteFuture()));
  pqxx::work other(lease->connection());
  other.exec("SELECT FROM lane_head WHERE lane = 4 AND shard = " + shard + " FOR UPDATE");
  EXPECT_THAT(Take().mails, IsEmpty()) << "it does not wait either";
  other.abort();
  EXPECT_THAT(Take().mails, SizeIs(3));
}

TEST_F(PgQueueStoreTest, ClaimsFromShardsInTurn) {
  for (int i = 0; i < 40; ++i) ASSERT_OK(Accept(Batch(fmt::format("b{}", i), 2)));
  ASSERT_EQ(store_.Query("SELECT count(DISTINCT shard) FROM queue"), "4");
  std::vector<int> shards;
  for (int i = 0; i < 4; ++i) shards.push_back(Take(2).shard);
  EXPECT_THAT(shards, testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(PgQueueStoreTest, EveryShardThatIsChosenIsClaimedFrom) {
  EXPECT_EQ(store_.Query("SELECT count(*) FROM lane_head"), std::to_string(4 * kShards));
}

TEST_F(PgQueueStoreTest, FloorsStayBelowWhatIsNotCommittedYet) {
  ASSERT_OK(Accept(Batch("late", 3)));
  ASSERT_OK_AND_ASSIGN(auto lease, store_.pool().Checkout(absl::InfiniteFuture()));
  {
    pqxx::work before(lease->connection());
    before.exec("CREATE TEMPORARY TABLE late AS SELECT * FROM queue");
    before.exec("TRUNCATE queue");
    before.commit();
  }
  pqxx::work slow(lease->connection());
  slow.exec(
      "INSERT INTO queue SELECT clock_timestamp(), msg_id, shard, lane, step, attempt, recovered "
      "FROM late");
  for (const Submission& quick : BatchesBeside("late", 3)) {
    ASSERT_OK(Accept(quick));
    EXPECT_THAT(Take().mails, SizeIs(2));
  }
  slow.commit();
  EXPECT_THAT(Take().mails, SizeIs(3));
}

TEST_F(PgQueueStoreTest, FloorsFollowWhatIsCommitted) {
  ASSERT_OK(Accept(Batch("early", 2)));
  EXPECT_THAT(Take().mails, SizeIs(2));
  for (const Submission& quick : BatchesBeside("early", 1)) {
    ASSERT_OK(Accept(quick));
    EXPECT_THAT(Take().mails, SizeIs(2));
  }
  // What cannot happen, a row below what all who may insert have left behind, tells where it is.
  EXPECT_EQ(store_.Query("WITH again AS (INSERT INTO queue (due_at, msg_id, shard, lane) "
                         "SELECT due_at, msg_id, shard, lane FROM message "
                         "ORDER BY due_at LIMIT 1 RETURNING 1) SELECT count(*) FROM again"),
            "1");
  EXPECT_THAT(Take().mails, IsEmpty());
}

TEST_F(PgQueueStoreTest, AMailFarBelowTheFloorIsFound) {
  ASSERT_OK(Accept(Batch("first", 2)));
  EXPECT_THAT(Take().mails, SizeIs(2));
  EXPECT_THAT(Take().mails, IsEmpty());
  // Committed long after its due time was set.
  ASSERT_OK(Accept(Batch("first again", 1)));
  store_.Query(
      "WITH late AS (DELETE FROM queue RETURNING *) , back AS (INSERT INTO queue "
      "SELECT due_at - interval '1 hour', msg_id, shard, lane, step, attempt, recovered "
      "FROM late) SELECT count(*) FROM late");
  EXPECT_THAT(Take().mails, IsEmpty());
  ASSERT_OK(store_.queue().FindOverlooked());
  EXPECT_THAT(Take().mails, SizeIs(1));
}

TEST_F(PgQueueStoreTest, ACommitWithoutAnAnswerIsResumed) {
  ASSERT_OK(Accept(Batch("lost", 5)));
  ASSERT_OK_AND_ASSIGN(const ClaimId id, store_.queue().NextClaimId());
  // The transaction commits, the answer never reaches the worker.
  store_.Query(
      fmt::format("SELECT count(*) FROM take_due({}, 'worker', 4::int2, 0, 10, '30 s', "
                  "'{{}}', '{{}}')",
                  id));
  ASSERT_OK_AND_ASSIGN(const Claim claim, store_.queue().Resume(id));
  EXPECT_THAT(claim.mails, SizeIs(5));
  EXPECT_EQ(claim.lane, Lane::kBulk);
  ASSERT_OK_AND_ASSIGN(const FlushResult flushed,
                       store_.queue().Flush(id, Outcomes(claim, Outcome::Kind::kSent), true));
  EXPECT_TRUE(flushed.live);
}

// Whatever moment the connections break at, who repeats the call has every mail exactly once.
TEST_F(PgQueueStoreTest, NothingIsLostOrDoubledWhenConnectionsBreak) {
  constexpr int kBatches = 60;
  std::atomic<int> accepted = 0;
  std::thread caller([&] {
    for (int i = 0; i < kBatches; ++i) {
      const Submission batch = Batch(fmt::format("broken-{}", i), 5);
      for (;;) {
        const auto answer = Accept(batch);
        if (answer.ok() && answer->at(0).ok()) break;
      }
      ++accepted;
    }
  });
  for (int storms = 1; storms <= 5; ++storms) {
    while (accepted < storms * kBatches / 6) std::this_thread::yield();
    EXPECT_OK(postgres::EmbeddedPostgres::Shared().TerminateBackends());
  }
  caller.join();
  EXPECT_EQ(store_.Query("SELECT count(*) FROM message"), std::to_string(5 * kBatches));
  EXPECT_EQ(store_.Query("SELECT count(*) FROM queue"), std::to_string(5 * kBatches));
}

TEST_F(PgQueueStoreTest, IdsNameTheirShardAndDay) {
  ASSERT_OK_AND_ASSIGN(const auto accepted, Accept(Batch("ids", 1)));
  const MessageId id = accepted.at(0)->items.at(0).id;
  EXPECT_EQ(store_.Query("SELECT shard FROM message"), std::to_string(ShardOf(id)));
  EXPECT_EQ(store_.Query("SELECT day_of(due_at) FROM message"), std::to_string(DayOf(id)));
  EXPECT_EQ(store_.Query(fmt::format("SELECT shard_of({})", id)), std::to_string(ShardOf(id)));
}

TEST_F(PgQueueStoreTest, AnEmptyLaneCostsNoWrite) {
  ASSERT_OK(Accept(Batch("other lane", 5)));
  const std::string before = store_.Query("SELECT pg_current_xact_id()::text::int8");
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK_AND_ASSIGN(const Claim claim,
                         store_.queue().TakeDue(1, "w", Lane::kCritical, 10, absl::Minutes(1)));
    EXPECT_THAT(claim.mails, IsEmpty());
  }
  EXPECT_EQ(std::stoll(store_.Query("SELECT pg_current_xact_id()::text::int8")),
            std::stoll(before) + 1);
}

TEST_F(PgQueueStoreTest, DepthsEstimateBeyondTenThousand) {
  store_.Query(
      "WITH many AS (INSERT INTO queue (due_at, msg_id, shard, lane) "
      "SELECT now() - i * interval '1 ms', i, 0, 4 FROM generate_series(1, 30000) i "
      "RETURNING 1) SELECT count(*) FROM many");
  ASSERT_OK(store_.queue().Maintain());
  ASSERT_OK_AND_ASSIGN(const auto depths, store_.queue().Depths());
  EXPECT_NEAR(static_cast<double>(depths.at(3).due), 30000, 6000);
}

}  // namespace
}  // namespace lmsmail::dispatch
