#include "services/dispatch/storage/low_watermarks.h"

#include <algorithm>

namespace lmsmail::dispatch {

LowWatermarks::Scan LowWatermarks::Begin(Lane lane) const {
  absl::MutexLock lock(&mutex_);
  const auto state = lanes_.find(lane);
  if (state == lanes_.end()) return {};
  Scan scan{state->second.next_shard, {}};
  for (const Shard& shard : state->second.shards) scan.starts.push_back(Begin(shard));
  return scan;
}

LowWatermarks::Key LowWatermarks::Begin(const Shard& shard) const {
  const absl::Time now = clock_.Now();
  if (now - shard.sweep_time >= kSweepInterval) return Key{shard.watermark.due - kSweepDepth, 0};
  return shard.watermark;
}

std::vector<LowWatermarks::Key> LowWatermarks::Watermarks(Lane lane) const {
  absl::MutexLock lock(&mutex_);
  std::vector<Key> watermarks;
  const auto state = lanes_.find(lane);
  if (state == lanes_.end()) return watermarks;
  for (const Shard& shard : state->second.shards) watermarks.push_back(shard.watermark);
  return watermarks;
}

void LowWatermarks::RecordTaken(Lane lane, const Scan& scan, int shard, Key last,
                                const Snapshot& snapshot, std::int64_t transaction) {
  absl::MutexLock lock(&mutex_);
  lanes_[lane].next_shard = shard + 1;
  Raise(lane, scan, shard, std::min(last, Settled(snapshot)));
  clocks_[transaction] = snapshot.clock;
}

void LowWatermarks::RecordIdle(Lane lane, const Scan& scan, std::span<const std::int64_t> shards,
                               const Snapshot& snapshot) {
  absl::MutexLock lock(&mutex_);
  const Key settled = Settled(snapshot);
  for (const std::int64_t shard : shards) Raise(lane, scan, static_cast<int>(shard), settled);
}

LowWatermarks::Key LowWatermarks::Settled(const Snapshot& snapshot) {
  absl::Time settled = snapshot.clock - kCommitWindow;
  std::erase_if(clocks_, [&](const auto& entry) { return entry.second <= settled; });
  const auto running = clocks_.upper_bound(snapshot.oldest_running);
  for (auto ended = clocks_.begin(); ended != running; ++ended) {
    settled = std::max(settled, ended->second);
  }
  return {std::min(settled, snapshot.clock), 0};  // the scan read no later rows
}

void LowWatermarks::Raise(Lane lane, const Scan& scan, int shard, Key up_to) {
  const auto index = static_cast<std::size_t>(shard);
  std::vector<Shard>& shards = lanes_[lane].shards;
  if (shards.size() <= index) shards.resize(index + 1);
  Shard& raised = shards[index];
  const Key began = index < scan.starts.size() ? scan.starts[index] : Key{};
  if (raised.watermark < began) return;  // lowered meanwhile to a row that the scan did not see
  // A sweep that found rows may not have reached the watermark. The next scan continues it.
  if (!(up_to < raised.watermark) && began.due <= raised.watermark.due - kSweepDepth) {
    raised.sweep_time = clock_.Now();
  }
  raised.watermark = std::max(raised.watermark, up_to);
}

void LowWatermarks::Lower(Lane lane, int shard, Key watermark) {
  absl::MutexLock lock(&mutex_);
  const auto index = static_cast<std::size_t>(shard);
  std::vector<Shard>& shards = lanes_[lane].shards;
  if (index < shards.size()) shards[index].watermark = std::min(shards[index].watermark, watermark);
}

}  // namespace lmsmail::dispatch
