#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/message/message.h"

namespace lmsmail::dispatch {

// Where a claim's index scan may begin: below it nothing is left in the queue. Without it every
// claim walks over all rows that were deleted since the last VACUUM, and one long-running
// transaction anywhere makes claims slower and slower. Thread-safe.
//
// Rows get a due time not before the database's clock at their insertion, but become visible only
// at their commit: so a watermark stays below what a transaction that is still running may have
// read from that clock. Who inserts into the queue has its transaction number before it reads the
// clock. A claim has its own number after it read the clock, so once all lower numbers have ended,
// nothing new can come below that reading. It usually takes as long as an insertion, and at most
// kCommitWindow is waited for: a commit that takes longer leaves its rows below the watermark until
// a sweep. Now and then a shard's scan begins a little below its watermark. What lies deeper is
// found by whoever looks through the whole queue, and lowers the watermark to it.
class LowWatermarks {
 public:
  static constexpr absl::Duration kCommitWindow = absl::Seconds(15);
  static constexpr absl::Duration kSweepInterval = absl::Minutes(1);
  static constexpr absl::Duration kSweepDepth = absl::Minutes(2);

  struct Key {
    absl::Time due = absl::InfinitePast();
    MessageId id = 0;

    bool operator<(const Key& other) const {
      return due < other.due || (due == other.due && id < other.id);
    }
  };
  // What a statement saw before it looked into the queue.
  struct Snapshot {
    absl::Time clock;                 // the database's
    std::int64_t oldest_running = 0;  // all transactions with a lower number had ended
  };
  struct Scan {
    int first_shard = 0;      // round robin
    std::vector<Key> starts;  // by shard; a shard beyond the end has none
  };

  // `clock` outlives this.
  explicit LowWatermarks(const Clock& clock) : clock_(clock) {}

  // What the next claim of `lane` is to use.
  Scan Begin(Lane lane) const;
  // The watermarks of `lane`, by shard, without any sweep.
  std::vector<Key> Watermarks(Lane lane) const;
  // That claim is committed, has the number `transaction`, and took everything of `shard` up to
  // `last`.
  void RecordTaken(Lane lane, const Scan& scan, int shard, Key last, const Snapshot& snapshot,
                   std::int64_t transaction);
  // It found nothing due in `shards`.
  void RecordIdle(Lane lane, const Scan& scan, std::span<const std::int64_t> shards,
                  const Snapshot& snapshot);
  // A row of `shard` was found right after `watermark`.
  void Lower(Lane lane, int shard, Key watermark);

 private:
  struct Shard {
    Key watermark;
    absl::Time swept = absl::InfinitePast();
  };
  struct LaneState {
    int next_shard = 0;
    std::vector<Shard> shards;
  };

  Key Begin(const Shard& shard) const;
  // Below it `snapshot` shows all that will ever be inserted.
  Key Settled(const Snapshot& snapshot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A claim has emptied `shard` up to `up_to`, beginning where `scan` says.
  void Raise(Lane lane, const Scan& scan, int shard, Key up_to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<Lane, LaneState> lanes_ ABSL_GUARDED_BY(mutex_);
  // What claims read from the database's clock, by their number.
  std::map<std::int64_t, absl::Time> clocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
