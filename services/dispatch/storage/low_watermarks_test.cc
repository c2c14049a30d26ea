#include "services/dispatch/storage/low_watermarks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

class LowWatermarksTest : public testing::Test {
 protected:
  absl::Time FloorOf(std::size_t shard) {
    const LowWatermarks::Scan scan = floors_.Begin(Lane::kBulk);
    return shard < scan.floors.size() ? scan.floors[shard].due : absl::InfinitePast();
  }
  // A claim with the next transaction number, while those from `oldest_running` on may run.
  void Took(int shard, absl::Time last, std::int64_t oldest_running = 0) {
    floors_.Took(Lane::kBulk, floors_.Begin(Lane::kBulk), shard, {last, 7},
                 {clock_.Now(), oldest_running}, ++transaction_);
  }
  void FoundIdle(std::vector<std::int64_t> shards, std::int64_t oldest_running = 0) {
    floors_.FoundIdle(Lane::kBulk, floors_.Begin(Lane::kBulk), shards,
                      {clock_.Now(), oldest_running});
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  LowWatermarks floors_{clock_};
  std::int64_t transaction_ = 100;
};

TEST_F(LowWatermarksTest, BeginsWithoutFloors) {
  EXPECT_THAT(floors_.Begin(Lane::kBulk).floors, IsEmpty());
  EXPECT_EQ(floors_.Begin(Lane::kBulk).first_shard, 0);
}

TEST_F(LowWatermarksTest, InABacklogTheFloorIsTheLastKey) {
  Took(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(FloorOf(0), clock_.Now() - absl::Hours(1));
}

TEST_F(LowWatermarksTest, NearTheClockItStaysTheCommitWindowBehind) {
  Took(1, clock_.Now());
  EXPECT_EQ(FloorOf(1), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(FloorOf(0), absl::InfinitePast());
}

TEST_F(LowWatermarksTest, RisesToWhatAClaimReadOnceAllBeforeItHaveEnded) {
  const absl::Time first = clock_.Now();
  Took(0, first);
  clock_.Advance(absl::Seconds(1));
  Took(0, clock_.Now(), transaction_ - 1);
  EXPECT_EQ(FloorOf(0), clock_.Now() - LowWatermarks::kCommitWindow) << "one before it runs still";
  Took(0, clock_.Now(), 101);
  EXPECT_EQ(FloorOf(0), first);
  FoundIdle({1}, transaction_);
  EXPECT_EQ(FloorOf(1), clock_.Now());
}

TEST_F(LowWatermarksTest, WhoLookedEarlierRaisesNoFloorForWhatOthersHaveSeenSince) {
  const LowWatermarks::View early{clock_.Now(), transaction_};
  clock_.Advance(absl::Seconds(1));
  Took(0, clock_.Now());
  FoundIdle({0}, transaction_);
  floors_.FoundIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1}, early);
  EXPECT_EQ(FloorOf(1), early.clock - LowWatermarks::kCommitWindow);
  floors_.FoundIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1}, {early.clock, transaction_});
  EXPECT_EQ(FloorOf(1), early.clock) << "nor beyond where it looked";
}

TEST_F(LowWatermarksTest, IdleShardsGetFloorsToo) {
  FoundIdle({0, 2});
  EXPECT_EQ(FloorOf(2), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(FloorOf(1), absl::InfinitePast());
  EXPECT_THAT(floors_.Begin(Lane::kCritical).floors, IsEmpty()) << "lanes are apart";
}

TEST_F(LowWatermarksTest, ShardsTakeTurns) {
  Took(2, clock_.Now());
  EXPECT_EQ(floors_.Begin(Lane::kBulk).first_shard, 3);
}

TEST_F(LowWatermarksTest, NoClaimLowersIt) {
  Took(0, clock_.Now() - absl::Minutes(1));
  Took(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(FloorOf(0), clock_.Now() - absl::Minutes(1));
}

TEST_F(LowWatermarksTest, EachShardIsSweptOnceAMinute) {
  Took(0, clock_.Now());
  const absl::Time floor = FloorOf(0);
  clock_.Advance(absl::Seconds(30));
  Took(1, clock_.Now());
  const absl::Time other = FloorOf(1);
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(FloorOf(0), floor - LowWatermarks::kSweepDepth);
  EXPECT_EQ(FloorOf(1), other);
  Took(1, clock_.Now());
  EXPECT_EQ(FloorOf(0), floor - LowWatermarks::kSweepDepth)
      << "work in one shard does not stand for the other";
  Took(0, clock_.Now());
  EXPECT_EQ(FloorOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
}

TEST_F(LowWatermarksTest, ASweepGoesOnUntilItReachesTheFloor) {
  Took(0, clock_.Now());
  const absl::Time floor = FloorOf(0);
  clock_.Advance(absl::Minutes(1));
  Took(0, floor - absl::Seconds(20));  // found below the floor
  EXPECT_EQ(FloorOf(0), floor - LowWatermarks::kSweepDepth);
  Took(0, clock_.Now());
  EXPECT_GT(FloorOf(0), floor);
}

TEST_F(LowWatermarksTest, IsLoweredForARowBelowIt) {
  Took(0, clock_.Now());
  const LowWatermarks::Scan before = floors_.Begin(Lane::kBulk);
  const absl::Time row = clock_.Now() - absl::Hours(3);
  floors_.Lower(Lane::kBulk, 0, {row, 0});
  EXPECT_EQ(FloorOf(0), row);
  floors_.FoundIdle(Lane::kBulk, before, std::vector<std::int64_t>{0}, {clock_.Now(), 0});
  EXPECT_EQ(FloorOf(0), row) << "who looked from the old floor on has not seen the row";
  Took(0, clock_.Now());
  EXPECT_EQ(FloorOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
  floors_.Lower(Lane::kBulk, 0, {clock_.Now(), 0});
  EXPECT_EQ(FloorOf(0), clock_.Now() - LowWatermarks::kCommitWindow) << "never raised by it";
  floors_.Lower(Lane::kBulk, 7, {row, 0});
  EXPECT_THAT(floors_.Floors(Lane::kBulk), SizeIs(1)) << "what has no floor needs none";
}

TEST_F(LowWatermarksTest, WhoCountsDoesNotSweep) {
  Took(1, clock_.Now());
  const absl::Time floor = FloorOf(1);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(floors_.Floors(Lane::kBulk), SizeIs(2));
  EXPECT_EQ(floors_.Floors(Lane::kBulk)[1].due, floor);
  EXPECT_THAT(floors_.Floors(Lane::kCritical), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
