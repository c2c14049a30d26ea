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
  absl::Time WatermarkOf(std::size_t shard) {
    const LowWatermarks::Scan scan = watermarks_.Begin(Lane::kBulk);
    return shard < scan.starts.size() ? scan.starts[shard].due : absl::InfinitePast();
  }
  // A claim with the next transaction number, while those from `oldest_running` on may run.
  void RecordTaken(int shard, absl::Time last, std::int64_t oldest_running = 0) {
    watermarks_.RecordTaken(Lane::kBulk, watermarks_.Begin(Lane::kBulk), shard, {last, 7},
                            {clock_.Now(), oldest_running}, ++transaction_);
  }
  void RecordIdle(std::vector<std::int64_t> shards, std::int64_t oldest_running = 0) {
    watermarks_.RecordIdle(Lane::kBulk, watermarks_.Begin(Lane::kBulk), shards,
                           {clock_.Now(), oldest_running});
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  LowWatermarks watermarks_{clock_};
  std::int64_t transaction_ = 100;
};

TEST_F(LowWatermarksTest, BeginsWithoutFloors) {
  EXPECT_THAT(watermarks_.Begin(Lane::kBulk).starts, IsEmpty());
  EXPECT_EQ(watermarks_.Begin(Lane::kBulk).first_shard, 0);
}

TEST_F(LowWatermarksTest, InABacklogTheFloorIsTheLastKey) {
  RecordTaken(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - absl::Hours(1));
}

TEST_F(LowWatermarksTest, NearTheClockItStaysTheCommitWindowBehind) {
  RecordTaken(1, clock_.Now());
  EXPECT_EQ(WatermarkOf(1), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(WatermarkOf(0), absl::InfinitePast());
}

TEST_F(LowWatermarksTest, RisesToWhatAClaimReadOnceAllBeforeItHaveEnded) {
  const absl::Time first = clock_.Now();
  RecordTaken(0, first);
  clock_.Advance(absl::Seconds(1));
  RecordTaken(0, clock_.Now(), transaction_ - 1);
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow)
      << "one before it runs still";
  RecordTaken(0, clock_.Now(), 101);
  EXPECT_EQ(WatermarkOf(0), first);
  RecordIdle({1}, transaction_);
  EXPECT_EQ(WatermarkOf(1), clock_.Now());
}

TEST_F(LowWatermarksTest, WhoLookedEarlierRaisesNoFloorForWhatOthersHaveSeenSince) {
  const LowWatermarks::Snapshot early{clock_.Now(), transaction_};
  clock_.Advance(absl::Seconds(1));
  RecordTaken(0, clock_.Now());
  RecordIdle({0}, transaction_);
  watermarks_.RecordIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1}, early);
  EXPECT_EQ(WatermarkOf(1), early.clock - LowWatermarks::kCommitWindow);
  watermarks_.RecordIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1},
                         {early.clock, transaction_});
  EXPECT_EQ(WatermarkOf(1), early.clock) << "nor beyond where it looked";
}

TEST_F(LowWatermarksTest, IdleShardsGetFloorsToo) {
  RecordIdle({0, 2});
  EXPECT_EQ(WatermarkOf(2), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(WatermarkOf(1), absl::InfinitePast());
  EXPECT_THAT(watermarks_.Begin(Lane::kCritical).starts, IsEmpty()) << "lanes are apart";
}

TEST_F(LowWatermarksTest, ShardsTakeTurns) {
  RecordTaken(2, clock_.Now());
  EXPECT_EQ(watermarks_.Begin(Lane::kBulk).first_shard, 3);
}

TEST_F(LowWatermarksTest, NoClaimLowersIt) {
  RecordTaken(0, clock_.Now() - absl::Minutes(1));
  RecordTaken(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - absl::Minutes(1));
}

TEST_F(LowWatermarksTest, EachShardIsSweptOnceAMinute) {
  RecordTaken(0, clock_.Now());
  const absl::Time watermark = WatermarkOf(0);
  clock_.Advance(absl::Seconds(30));
  RecordTaken(1, clock_.Now());
  const absl::Time other = WatermarkOf(1);
  clock_.Advance(absl::Seconds(30));
  EXPECT_EQ(WatermarkOf(0), watermark - LowWatermarks::kSweepDepth);
  EXPECT_EQ(WatermarkOf(1), other);
  RecordTaken(1, clock_.Now());
  EXPECT_EQ(WatermarkOf(0), watermark - LowWatermarks::kSweepDepth)
      << "work in one shard does not stand for the other";
  RecordTaken(0, clock_.Now());
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
}

TEST_F(LowWatermarksTest, ASweepGoesOnUntilItReachesTheFloor) {
  RecordTaken(0, clock_.Now());
  const absl::Time watermark = WatermarkOf(0);
  clock_.Advance(absl::Minutes(1));
  RecordTaken(0, watermark - absl::Seconds(20));  // found below the watermark
  EXPECT_EQ(WatermarkOf(0), watermark - LowWatermarks::kSweepDepth);
  RecordTaken(0, clock_.Now());
  EXPECT_GT(WatermarkOf(0), watermark);
}

TEST_F(LowWatermarksTest, IsLoweredForARowBelowIt) {
  RecordTaken(0, clock_.Now());
  const LowWatermarks::Scan before = watermarks_.Begin(Lane::kBulk);
  const absl::Time row = clock_.Now() - absl::Hours(3);
  watermarks_.Lower(Lane::kBulk, 0, {row, 0});
  EXPECT_EQ(WatermarkOf(0), row);
  watermarks_.RecordIdle(Lane::kBulk, before, std::vector<std::int64_t>{0}, {clock_.Now(), 0});
  EXPECT_EQ(WatermarkOf(0), row) << "who looked from the old watermark on has not seen the row";
  RecordTaken(0, clock_.Now());
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
  watermarks_.Lower(Lane::kBulk, 0, {clock_.Now(), 0});
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow) << "never raised by it";
  watermarks_.Lower(Lane::kBulk, 7, {row, 0});
  EXPECT_THAT(watermarks_.Watermarks(Lane::kBulk), SizeIs(1)) << "what has no watermark needs none";
}

TEST_F(LowWatermarksTest, WhoCountsDoesNotSweep) {
  RecordTaken(1, clock_.Now());
  const absl::Time watermark = WatermarkOf(1);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(watermarks_.Watermarks(Lane::kBulk), SizeIs(2));
  EXPECT_EQ(watermarks_.Watermarks(Lane::kBulk)[1].due, watermark);
  EXPECT_THAT(watermarks_.Watermarks(Lane::kCritical), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
