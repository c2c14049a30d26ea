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
  // A claim with the next transaction number. Transactions from `oldest_running` on may be running.
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

TEST_F(LowWatermarksTest, BeginsWithoutWatermarks) {
  EXPECT_THAT(watermarks_.Begin(Lane::kBulk).starts, IsEmpty());
  EXPECT_EQ(watermarks_.Begin(Lane::kBulk).first_shard, 0);
}

TEST_F(LowWatermarksTest, WatermarkInBacklogIsTheLastKey) {
  RecordTaken(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - absl::Hours(1));
}

TEST_F(LowWatermarksTest, StaysTheCommitWindowBehindTheClock) {
  RecordTaken(1, clock_.Now());
  EXPECT_EQ(WatermarkOf(1), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(WatermarkOf(0), absl::InfinitePast());
}

TEST_F(LowWatermarksTest, RisesToTimeOfClaimOnceEarlierTransactionsEnded) {
  const absl::Time first = clock_.Now();
  RecordTaken(0, first);
  clock_.Advance(absl::Seconds(1));
  RecordTaken(0, clock_.Now(), transaction_ - 1);
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow)
      << "an earlier transaction is still running";
  RecordTaken(0, clock_.Now(), 101);
  EXPECT_EQ(WatermarkOf(0), first);
  RecordIdle({1}, transaction_);
  EXPECT_EQ(WatermarkOf(1), clock_.Now());
}

TEST_F(LowWatermarksTest, EarlierScanDoesNotUseLaterKnowledge) {
  const LowWatermarks::Snapshot early{clock_.Now(), transaction_};
  clock_.Advance(absl::Seconds(1));
  RecordTaken(0, clock_.Now());
  RecordIdle({0}, transaction_);
  watermarks_.RecordIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1}, early);
  EXPECT_EQ(WatermarkOf(1), early.clock - LowWatermarks::kCommitWindow);
  watermarks_.RecordIdle(Lane::kBulk, {}, std::vector<std::int64_t>{1},
                         {early.clock, transaction_});
  EXPECT_EQ(WatermarkOf(1), early.clock) << "nor does it rise above the time of the scan";
}

TEST_F(LowWatermarksTest, IdleShardsGetWatermarks) {
  RecordIdle({0, 2});
  EXPECT_EQ(WatermarkOf(2), clock_.Now() - LowWatermarks::kCommitWindow);
  EXPECT_EQ(WatermarkOf(1), absl::InfinitePast());
  EXPECT_THAT(watermarks_.Begin(Lane::kCritical).starts, IsEmpty()) << "lanes are independent";
}

TEST_F(LowWatermarksTest, BeginsWithTheNextShard) {
  RecordTaken(2, clock_.Now());
  EXPECT_EQ(watermarks_.Begin(Lane::kBulk).first_shard, 3);
}

TEST_F(LowWatermarksTest, ClaimsNeverLowerIt) {
  RecordTaken(0, clock_.Now() - absl::Minutes(1));
  RecordTaken(0, clock_.Now() - absl::Hours(1));
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - absl::Minutes(1));
}

TEST_F(LowWatermarksTest, SweepsEachShardOnceAMinute) {
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
      << "a claim from one shard does not sweep another";
  RecordTaken(0, clock_.Now());
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
}

TEST_F(LowWatermarksTest, SweepContinuesUntilItReachesTheWatermark) {
  RecordTaken(0, clock_.Now());
  const absl::Time watermark = WatermarkOf(0);
  clock_.Advance(absl::Minutes(1));
  RecordTaken(0, watermark - absl::Seconds(20));  // of a row below the watermark
  EXPECT_EQ(WatermarkOf(0), watermark - LowWatermarks::kSweepDepth);
  RecordTaken(0, clock_.Now());
  EXPECT_GT(WatermarkOf(0), watermark);
}

TEST_F(LowWatermarksTest, IsLoweredToARowBelowIt) {
  RecordTaken(0, clock_.Now());
  const LowWatermarks::Scan before = watermarks_.Begin(Lane::kBulk);
  const absl::Time row = clock_.Now() - absl::Hours(3);
  watermarks_.Lower(Lane::kBulk, 0, {row, 0});
  EXPECT_EQ(WatermarkOf(0), row);
  watermarks_.RecordIdle(Lane::kBulk, before, std::vector<std::int64_t>{0}, {clock_.Now(), 0});
  EXPECT_EQ(WatermarkOf(0), row) << "a scan from the old watermark has not seen the row";
  RecordTaken(0, clock_.Now());
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow);
  watermarks_.Lower(Lane::kBulk, 0, {clock_.Now(), 0});
  EXPECT_EQ(WatermarkOf(0), clock_.Now() - LowWatermarks::kCommitWindow) << "Lower never raises it";
  watermarks_.Lower(Lane::kBulk, 7, {row, 0});
  EXPECT_THAT(watermarks_.Watermarks(Lane::kBulk), SizeIs(1))
      << "a shard without a watermark gets none";
}

TEST_F(LowWatermarksTest, WatermarksAreReturnedWithoutSweep) {
  RecordTaken(1, clock_.Now());
  const absl::Time watermark = WatermarkOf(1);
  clock_.Advance(absl::Hours(1));
  EXPECT_THAT(watermarks_.Watermarks(Lane::kBulk), SizeIs(2));
  EXPECT_EQ(watermarks_.Watermarks(Lane::kBulk)[1].due, watermark);
  EXPECT_THAT(watermarks_.Watermarks(Lane::kCritical), IsEmpty());
}

}  // namespace
}  // namespace lmsmail::dispatch
