#include "services/dispatch/storage/shard_choice.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

namespace lmsmail::dispatch {
namespace {

using testing::SizeIs;

Submission Of(std::string request_id, std::size_t items, int chunk = 0) {
  Submission submission;
  submission.request_id = std::move(request_id);
  submission.chunk = chunk;
  submission.items.resize(items);
  return submission;
}

TEST(ShardChoiceTest, SmallBatchesUseAllSmallShards) {
  std::set<int> shards;
  for (int i = 0; i < 100; ++i) shards.insert(ShardFor(Of("small-" + std::to_string(i), 500)));
  EXPECT_THAT(shards, SizeIs(kSmallShards));
  EXPECT_LT(*shards.rbegin(), kSmallShards);
}

TEST(ShardChoiceTest, LargeBatchUsesTwoLargeShards) {
  std::set<int> shards;
  for (int chunk = 0; chunk < 50; ++chunk) shards.insert(ShardFor(Of("large", 1000, chunk)));
  EXPECT_THAT(shards, SizeIs(2));
  EXPECT_GE(*shards.begin(), kSmallShards);
}

TEST(ShardChoiceTest, LargeBatchesUseAllLargeShards) {
  std::set<int> shards;
  for (int i = 0; i < 200; ++i) shards.insert(ShardFor(Of("l-" + std::to_string(i), 600, i % 2)));
  EXPECT_THAT(shards, SizeIs(2 * kLargePairs));
  EXPECT_LT(*shards.rbegin(), kShards);
}

TEST(ShardChoiceTest, ChoiceNeverChanges) {
  EXPECT_EQ(ShardFor(Of("weekly_progress/2026-W48", 100)), 2);
  EXPECT_EQ(ShardFor(Of("weekly_progress/2026-W48", 1000)), 12);
}

}  // namespace
}  // namespace lmsmail::dispatch
