#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "services/dispatch/message.h"

namespace lmsmail::dispatch {

// Where a claim's index scan may begin: below it nothing is left in the queue. Without it every
// claim walks over all rows that were deleted since the last VACUUM, and one long-running
// transaction anywhere makes claims slower and slower. Thread-safe.
//
// Rows get a due time not before the database's clock at their insertion, but become visible only
// at their commit: so a floor stays kCommitWindow behind that clock. A commit that takes longer
// leaves its rows below the floor until the full sweep that each lane gets once a minute.
class ClaimFloors {
 public:
  static constexpr absl::Duration kCommitWindow = absl::Seconds(15);
  static constexpr absl::Duration kSweepInterval = absl::Minutes(1);

  struct Key {
    absl::Time due = absl::InfinitePast();
    MessageId id = 0;

    bool operator<(const Key& other) const {
      return due < other.due || (due == other.due && id < other.id);
    }
  };
  struct Scan {
    int first_shard = 0;      // round robin
    std::vector<Key> floors;  // by shard; a shard beyond the end has none
  };

  // What the next claim of `lane` is to use.
  Scan Begin(Lane lane) {
    absl::MutexLock lock(&mutex_);
    State& state = states_[lane];
    Scan scan{state.next_shard, state.floors};
    if (const absl::Time now = absl::Now(); now - state.swept >= kSweepInterval) {
      state.swept = now;
      scan.floors.clear();
    }
    return scan;
  }
  // A claim took everything of `shard` up to `last`. `checked` is the database's clock at its
  // start.
  void Took(Lane lane, int shard, Key last, absl::Time checked) {
    absl::MutexLock lock(&mutex_);
    states_[lane].next_shard = shard + 1;
    Raise(lane, shard, std::min(last, Key{checked - kCommitWindow, 0}));
  }
  // Nothing was due in `shards`.
  void FoundIdle(Lane lane, std::span<const std::int64_t> shards, absl::Time checked) {
    absl::MutexLock lock(&mutex_);
    for (const std::int64_t shard : shards) {
      Raise(lane, static_cast<int>(shard), Key{checked - kCommitWindow, 0});
    }
  }

 private:
  struct State {
    int next_shard = 0;
    std::vector<Key> floors;
    absl::Time swept = absl::InfinitePast();
  };

  void Raise(Lane lane, int shard, Key floor) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    std::vector<Key>& floors = states_[lane].floors;
    if (floors.size() <= static_cast<std::size_t>(shard)) floors.resize(shard + 1);
    floors[shard] = std::max(floors[shard], floor);
  }

  absl::Mutex mutex_;
  std::map<Lane, State> states_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
