#include "services/dispatch/storage/low_watermarks.h"

#include <algorithm>

namespace lmsmail::dispatch {

LowWatermarks::Scan LowWatermarks::Begin(Lane lane) const {
  absl::MutexLock lock(&mutex_);
  const auto state = lanes_.find(lane);
  if (state == lanes_.end()) return {};
  Scan scan{state->second.next_shard, {}};
  for (const Shard& shard : state->second.shards) scan.floors.push_back(Begin(shard));
  return scan;
}

LowWatermarks::Key LowWatermarks::Begin(const Shard& shard) const {
  const absl::Time now = clock_.Now();
  if (now - shard.swept >= kSweepInterval) return Key{shard.floor.due - kSweepDepth, 0};
  return shard.floor;
}

std::vector<LowWatermarks::Key> LowWatermarks::Floors(Lane lane) const {
  absl::MutexLock lock(&mutex_);
  std::vector<Key> floors;
  const auto state = lanes_.find(lane);
  if (state == lanes_.end()) return floors;
  for (const Shard& shard : state->second.shards) floors.push_back(shard.floor);
  return floors;
}

void LowWatermarks::Took(Lane lane, const Scan& scan, int shard, Key last, const View& view,
                         std::int64_t transaction) {
  absl::MutexLock lock(&mutex_);
  lanes_[lane].next_shard = shard + 1;
  Raise(lane, scan, shard, std::min(last, Settled(view)));
  clocks_[transaction] = view.clock;
}

void LowWatermarks::FoundIdle(Lane lane, const Scan& scan, std::span<const std::int64_t> shards,
                              const View& view) {
  absl::MutexLock lock(&mutex_);
  const Key settled = Settled(view);
  for (const std::int64_t shard : shards) Raise(lane, scan, static_cast<int>(shard), settled);
}

LowWatermarks::Key LowWatermarks::Settled(const View& view) {
  absl::Time settled = view.clock - kCommitWindow;
  std::erase_if(clocks_, [&](const auto& entry) { return entry.second <= settled; });
  const auto running = clocks_.upper_bound(view.oldest_running);
  for (auto ended = clocks_.begin(); ended != running; ++ended) {
    settled = std::max(settled, ended->second);
  }
  return {std::min(settled, view.clock), 0};  // it looked no further
}

void LowWatermarks::Raise(Lane lane, const Scan& scan, int shard, Key up_to) {
  const auto index = static_cast<std::size_t>(shard);
  std::vector<Shard>& shards = lanes_[lane].shards;
  if (shards.size() <= index) shards.resize(index + 1);
  Shard& raised = shards[index];
  const Key began = index < scan.floors.size() ? scan.floors[index] : Key{};
  if (raised.floor < began) return;  // lowered meanwhile, for a row that this scan did not see
  // A sweep that was used up by rows below the floor has not seen them all: the next goes on.
  if (!(up_to < raised.floor) && began.due <= raised.floor.due - kSweepDepth) {
    raised.swept = clock_.Now();
  }
  raised.floor = std::max(raised.floor, up_to);
}

void LowWatermarks::Lower(Lane lane, int shard, Key floor) {
  absl::MutexLock lock(&mutex_);
  const auto index = static_cast<std::size_t>(shard);
  std::vector<Shard>& shards = lanes_[lane].shards;
  if (index < shards.size()) shards[index].floor = std::min(shards[index].floor, floor);
}

}  // namespace lmsmail::dispatch
