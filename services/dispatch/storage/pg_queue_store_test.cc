
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
#include "services/dispatch/storage/shard_choice.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class PgQueueStoreTest : public PgQueueFixture {
 protected:
  // Batches of two that wait in the same shard as `request_id`.
  std::vector<Submission> BatchesBeside(const std::string& request_id, std::size_t count) {
    std::vector<Submission> beside;
    for (int i = 0; beside.size() < count; ++i) {
      Submission batch = Batch(fmt::format("beside {}", i), 2);
      if (ShardFor(batch) == ShardFor(Batch(request_id, 2))) beside.push_back(std::move(batch));
    }
    return beside;
  }
  Claim TakeBulk(int limit = 100) { return Take(Lane::kBulk, limit); }
  // As if maintenance had not run for days.
  void DropPartitions() {
    database().Execute(
        "SELECT drop_partition(t, day_of(now()) + d) FROM generate_series(-1, 3) d, "
        "unnest('{event,result,message}'::text[]) t");
  }
};

TEST_F(PgQueueStoreTest, UpdatesNoRowOfAMail) {
  AcceptOne(Batch("updates", 50));
  const Claim first = TakeBulk();
  ASSERT_FALSE(first.mails.empty());
  FlushAll(first, Outcome::Kind::kDeferred);
  const Claim second = TakeBulk();
  ASSERT_FALSE(second.mails.empty());
  ASSERT_OK(queue().Extend({second.id}, absl::ZeroDuration()));
  ASSERT_OK(queue().RecoverExpired(absl::InfiniteFuture()));
  const Claim third = TakeBulk();
  ASSERT_FALSE(third.mails.empty());
  ASSERT_OK(queue().Cancel(third.mails[0].mail.id, absl::InfiniteFuture()));
  FlushAll(third, Outcome::Kind::kFailed);
  ASSERT_OK(queue().Retry(third.mails[1].mail.id, "again", absl::InfiniteFuture()));
  // Sessions report all of their statistics only when they end.
  Reconnect();
  EXPECT_EQ(Query("SELECT coalesce(sum(n_tup_upd), 0) FROM pg_stat_user_tables "
                  "WHERE relname ~ '^(message|queue|result|scheduled|event|counter)'"),
            "0");
  EXPECT_NE(Query("SELECT n_tup_ins FROM pg_stat_user_tables WHERE relname = 'queue'"), "0");
}

TEST_F(PgQueueStoreTest, DepthsCountEachMailOnceWhileItIsClaimed) {
  AcceptOne(Batch("counted", 1));
  std::atomic<bool> stop = false;
  std::thread claims([&] {
    while (!stop) {
      const Claim claim = TakeBulk();
      if (claim.mails.empty()) continue;
      EXPECT_OK(queue().Release(claim.id));
    }
  });
  for (int i = 0; i < 300; ++i) {
    auto depths = queue().Depths(absl::InfiniteFuture());
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
  DropPartitions();
  AcceptOne(Batch("midnight", 3));
  EXPECT_EQ(Query("SELECT count(*) FROM message"), "3");
}

TEST_F(PgQueueStoreTest, ConcurrentCallersMakePartitionsOnce) {
  DropPartitions();
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&, i] {
      if (i % 2 == 0) {
        EXPECT_OK(queue().EnsurePartitions(absl::InfiniteFuture()));
      } else {
        AcceptOne(Batch(fmt::format("batch {}", i), 3));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(Query("SELECT count(*) FROM message"), "6");
}

TEST_F(PgQueueStoreTest, MaintenanceMakesPartitionsOfTheComingDays) {
  const std::string count =
      "SELECT count(*) FROM pg_inherits WHERE inhparent = 'message'::regclass";
  const std::string expected =
      Query("SELECT count(DISTINCT partition_of(day_of(now()) + d)) FROM generate_series(-1, 3) d");
  EXPECT_EQ(Query(count), expected);
  database().Execute(
      "SELECT drop_partition(t, day_of(now()) + 3) FROM "
      "unnest('{event,result,message}'::text[]) t");
  ASSERT_OK(queue().EnsurePartitions(absl::InfiniteFuture()));
  EXPECT_EQ(Query(count), expected);
}

TEST_F(PgQueueStoreTest, StartNeedsOnlyPartitions) {
  database().Execute("DROP FUNCTION forget_keys, compact_counters");
  EXPECT_OK(queue().EnsurePartitions(absl::InfiniteFuture()));
}

// A large queue needs minutes; a short timeout would end this work each time, for ever.
TEST_F(PgQueueStoreTest, MaintenanceHasItsOwnTimeout) {
  database().Execute(
      "CREATE TABLE seen (timeout text);"
      "GRANT INSERT, SELECT ON seen TO lmsmail_dispatch;"
      "CREATE OR REPLACE FUNCTION compact_counters() RETURNS void LANGUAGE sql AS $$"
      "  INSERT INTO dispatch.seen VALUES (current_setting('statement_timeout')) $$");
  const std::string usual = Query("SELECT current_setting('statement_timeout')");
  ASSERT_OK(queue().Maintain());
  EXPECT_EQ(Query("SELECT timeout FROM seen"), "10min");
  ASSERT_OK(queue().FindOverlooked());
  for (int i = 0; i < 10; ++i)
    EXPECT_EQ(Query("SELECT current_setting('statement_timeout')"), usual);
}

TEST_F(PgQueueStoreTest, InterruptEndsMaintenance) {
  database().Execute(
      "CREATE OR REPLACE FUNCTION compact_counters() RETURNS void LANGUAGE sql AS $$"
      "  SELECT pg_sleep(600) $$");
  absl::Status status;
  std::thread maintenance([&] { status = queue().Maintain(); });
  while (Query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep' "
               "AND datname = current_database()") == "0") {
    std::this_thread::yield();
  }
  queue().InterruptMaintenance();
  maintenance.join();
  EXPECT_FALSE(status.ok());
  EXPECT_THAT(queue().Maintain(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_THAT(queue().FindOverlooked(), StatusIs(absl::StatusCode::kCancelled));
  EXPECT_OK(queue().EnsurePartitions(absl::InfiniteFuture()));
}

// A flush writes to `result`, then reads `message`.
TEST_F(PgQueueStoreTest, PurgeNeverWaitsForOneTableWhileItHoldsAnother) {
  AcceptOne(Batch("purged", 3));
  const Claim claim = TakeBulk();
  FlushAll(claim, Outcome::Kind::kSent);
  ASSERT_OK_AND_ASSIGN(postgres::Pool::Lease lease,
                       database().pool().Checkout(absl::InfiniteFuture()));
  pqxx::work flush(lease->connection());
  flush.exec("LOCK TABLE result IN ROW EXCLUSIVE MODE; SET LOCAL lock_timeout = '100ms'");
  absl::StatusOr<QueueStore::Purged> purged = absl::UnknownError("");
  std::thread purge([&] {
    purged = queue().Purge(absl::Now() + absl::Hours(24 * kPartitionDays), /*count_only=*/false,
                           absl::InfiniteFuture());
  });
  while (Query("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = "
               "'dispatch.result'::regclass") == "0") {
    std::this_thread::yield();
  }
  EXPECT_NO_THROW(flush.exec("SELECT count(*) FROM message"));
  flush.commit();
  purge.join();
  ASSERT_OK(purged);
  EXPECT_GE(purged->dropped_days, kPartitionDays);
}

TEST_F(PgQueueStoreTest, SkipsShardThatIsBeingClaimed) {
  AcceptOne(Batch("one shard", 3));
  const std::string shard = Query("SELECT shard FROM queue LIMIT 1");
  ASSERT_OK_AND_ASSIGN(auto lease, database().pool().Checkout(absl::InfiniteFuture()));
  pqxx::work other(lease->connection());
  other.exec("SELECT FROM lane_lock WHERE lane = 4 AND shard = " + shard + " FOR UPDATE");
  EXPECT_THAT(TakeBulk().mails, IsEmpty()) << "nor does the claim wait for it";
  other.abort();
  EXPECT_THAT(TakeBulk().mails, SizeIs(3));
}

TEST_F(PgQueueStoreTest, ClaimsFromShardsRoundRobin) {
  for (int i = 0; i < 40; ++i) AcceptOne(Batch(fmt::format("b{}", i), 2));
  ASSERT_EQ(Query("SELECT count(DISTINCT shard) FROM queue"), "4");
  std::vector<int> shards;
  for (int i = 0; i < 4; ++i) shards.push_back(TakeBulk(2).shard);
  EXPECT_THAT(shards, testing::ElementsAre(0, 1, 2, 3));
}

TEST_F(PgQueueStoreTest, EveryShardHasALaneLock) {
  EXPECT_EQ(Query("SELECT count(*) FROM lane_lock"), std::to_string(4 * kShards));
}

TEST_F(PgQueueStoreTest, LowWatermarkStaysBelowUncommittedMail) {
  AcceptOne(Batch("late", 3));
  ASSERT_OK_AND_ASSIGN(auto lease, database().owner().Checkout(absl::InfiniteFuture()));
  {
    pqxx::work before(lease->connection());
    before.exec("CREATE TABLE late AS SELECT * FROM queue");
    before.exec("TRUNCATE queue");
    before.commit();
  }
  pqxx::work slow(lease->connection());
  slow.exec(
      "INSERT INTO queue SELECT clock_timestamp(), msg_id, shard, lane, delivery_count, attempt, "
      "recovered "
      "FROM late");
  for (const Submission& quick : BatchesBeside("late", 3)) {
    AcceptOne(quick);
    EXPECT_THAT(TakeBulk().mails, SizeIs(2));
  }
  slow.commit();
  EXPECT_THAT(TakeBulk().mails, SizeIs(3));
}

TEST_F(PgQueueStoreTest, LowWatermarkFollowsCommittedMail) {
  AcceptOne(Batch("early", 2));
  EXPECT_THAT(TakeBulk().mails, SizeIs(2));
  for (const Submission& quick : BatchesBeside("early", 1)) {
    AcceptOne(quick);
    EXPECT_THAT(TakeBulk().mails, SizeIs(2));
  }
  // A row below the low watermark, which cannot occur, shows where the watermark is.
  database().Execute(
      "INSERT INTO queue (due_time, msg_id, shard, lane) "
      "SELECT due_time, msg_id, shard, lane FROM message ORDER BY due_time LIMIT 1");
  EXPECT_THAT(TakeBulk().mails, IsEmpty());
}

TEST_F(PgQueueStoreTest, FindOverlookedFindsMailBelowTheLowWatermark) {
  AcceptOne(Batch("first", 2));
  EXPECT_THAT(TakeBulk().mails, SizeIs(2));
  EXPECT_THAT(TakeBulk().mails, IsEmpty());
  // Its commit came long after its due time was set.
  AcceptOne(Batch("first again", 1));
  database().Execute("UPDATE queue SET due_time = due_time - interval '1 hour'");
  EXPECT_THAT(TakeBulk().mails, IsEmpty());
  ASSERT_OK(queue().FindOverlooked());
  EXPECT_THAT(TakeBulk().mails, SizeIs(1));
}

TEST_F(PgQueueStoreTest, ResumesClaimAfterCommitWithoutReply) {
  AcceptOne(Batch("lost", 5));
  ASSERT_OK_AND_ASSIGN(const ClaimId id, queue().NextClaimId());
  // The transaction commits, but its reply never reaches the worker.
  Query(
      fmt::format("SELECT count(*) FROM take_due({}, 'worker', 4::int2, 0, 10, '30 s', "
                  "'{{}}', '{{}}')",
                  id));
  ASSERT_OK_AND_ASSIGN(const Claim claim, queue().Resume(id, absl::Minutes(1)));
  EXPECT_THAT(claim.mails, SizeIs(5));
  EXPECT_EQ(claim.lane, Lane::kBulk);
  EXPECT_TRUE(FlushAll(claim, Outcome::Kind::kSent).live);
}

// Connections break at any moment. A caller that repeats the call has each mail exactly once.
TEST_F(PgQueueStoreTest, AcceptsEachMailOnceWhenConnectionsBreak) {
  constexpr int kBatches = 60;
  std::vector<Submission> batches;
  for (int i = 0; i < kBatches; ++i) batches.push_back(Batch(fmt::format("broken-{}", i), 5));
  std::atomic<int> accepted = 0;
  std::thread caller([&] {
    for (const Submission& batch : batches) {
      for (;;) {
        const auto result = queue().Accept({batch}, absl::InfiniteFuture());
        if (result.ok() && result->at(0).ok()) break;
      }
      ++accepted;
    }
  });
  for (int storms = 1; storms <= 5; ++storms) {
    while (accepted < storms * kBatches / 6) std::this_thread::yield();
    EXPECT_OK(postgres::EmbeddedPostgres::Shared().TerminateBackends());
  }
  caller.join();
  EXPECT_EQ(Query("SELECT count(*) FROM message"), std::to_string(5 * kBatches));
  EXPECT_EQ(Query("SELECT count(*) FROM queue"), std::to_string(5 * kBatches));
}

TEST_F(PgQueueStoreTest, IdsContainShardAndDay) {
  const MessageId id = AcceptBatch("ids", 1).at(0);
  EXPECT_EQ(Query("SELECT shard FROM message"), std::to_string(ShardOf(id)));
  EXPECT_EQ(Query("SELECT day_of(due_time) FROM message"), std::to_string(DayOf(id)));
  EXPECT_EQ(Query(fmt::format("SELECT shard_of({})", id)), std::to_string(ShardOf(id)));
}

TEST_F(PgQueueStoreTest, ClaimFromEmptyLaneWritesNothing) {
  AcceptOne(Batch("other lane", 5));
  const std::string before = Query("SELECT pg_current_xact_id()::text::int8");
  for (int i = 0; i < 10; ++i) {
    ASSERT_OK_AND_ASSIGN(const Claim claim,
                         queue().TakeDue(1, "w", Lane::kCritical, 10, absl::Minutes(1)));
    EXPECT_THAT(claim.mails, IsEmpty());
  }
  EXPECT_EQ(std::stoll(Query("SELECT pg_current_xact_id()::text::int8")), std::stoll(before) + 1);
}

TEST_F(PgQueueStoreTest, DepthsAreEstimatesBeyondTenThousand) {
  database().Execute(
      "INSERT INTO queue (due_time, msg_id, shard, lane) "
      "SELECT now() - i * interval '1 ms', i, 0, 4 FROM generate_series(1, 30000) i");
  ASSERT_OK(queue().Maintain());
  ASSERT_OK_AND_ASSIGN(const auto depths, queue().Depths(absl::InfiniteFuture()));
  EXPECT_NEAR(static_cast<double>(depths.at(3).due), 30000, 6000);
}

}  // namespace
}  // namespace lmsmail::dispatch
