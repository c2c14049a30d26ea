#include "services/dispatch/storage/claim_floors.h"

#include <algorithm>

namespace lmsmail::dispatch {

ClaimFloors::Scan ClaimFloors::Begin(Lane lane) {
  absl::MutexLock lock(&mutex_);
  const LaneState& state = lanes_[lane];
  const absl::Time now = clock_.Now();
  Scan scan{state.next_shard, {}};
  for (const Shard& shard : state.shards) {
    scan.floors.push_back(now - shard.swept < kSweepInterval ? shard.floor : Key{});
  }
  return scan;
}

void ClaimFloors::Took(Lane lane, const Scan& scan, int shard, Key last, absl::Time checked) {
  absl::MutexLock lock(&mutex_);
  lanes_[lane].next_shard = shard + 1;
  Raise(lane, scan, shard, std::min(last, Key{checked - kCommitWindow, 0}));
}

void ClaimFloors::FoundIdle(Lane lane, const Scan& scan, std::span<const std::int64_t> shards,
                            absl::Time checked) {
  absl::MutexLock lock(&mutex_);
  for (const std::int64_t shard : shards) {
    Raise(lane, scan, static_cast<int>(shard), Key{checked - kCommitWindow, 0});
  }
}

void ClaimFloors::Raise(Lane lane, const Scan& scan, int shard, Key up_to) {
  const auto index = static_cast<std::size_t>(shard);
  std::vector<Shard>& shards = lanes_[lane].shards;
  if (shards.size() <= index) shards.resize(index + 1);
  const Key began = index < scan.floors.size() ? scan.floors[index] : Key{};
  // A full scan that was used up by rows below the floor has not seen them all: the next goes on.
  const bool reached_floor = !(up_to < shards[index].floor);
  if (began.due == absl::InfinitePast() && reached_floor) shards[index].swept = clock_.Now();
  shards[index].floor = std::max(shards[index].floor, up_to);
}

}  // namespace lmsmail::dispatch
