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

// For each lane and shard a key below which the queue has no rows: claims begin their index scan
// there. Without it every claim would read all rows that were deleted since the last VACUUM, and
// one long-running transaction anywhere would make claims slower and slower. Thread-safe.
//
// A row's due time is not before the clock of the database at its insertion, but the row becomes
// visible only at its commit. So a watermark stays below what any running transaction may have read
// from that clock. A transaction that inserts into the queue gets its number before it reads the
// clock, and one that claims gets its number after. So once all transactions with lower numbers
// than a claim have ended, no new row can appear below the time that the claim read. That usually
// takes as long as an insertion. kCommitWindow is the longest wait: a transaction that commits even
// later leaves its rows below the watermark. To find these, a scan begins kSweepDepth below its
// watermark every kSweepInterval. PgQueueStore::FindOverlooked reads the whole queue and lowers
// watermarks to rows that lie even deeper.
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
  // The state of the database just before a statement read the queue.
  struct Snapshot {
    absl::Time clock;
    std::int64_t oldest_running = 0;  // all transactions with lower numbers had ended
  };
  struct Scan {
    int first_shard = 0;      // round robin
    std::vector<Key> starts;  // by shard; a shard beyond the end has none
  };

  // `clock` outlives this.
  explicit LowWatermarks(const Clock& clock) : clock_(clock) {}

  // Returns where the next claim of `lane` begins.
  Scan Begin(Lane lane) const;
  // Returns the watermarks of `lane`, by shard.
  std::vector<Key> Watermarks(Lane lane) const;
  // Call after the commit of a claim, whose transaction number is `transaction`. It began at `scan`
  // and claimed everything in `shard` up to `last`.
  void RecordTaken(Lane lane, const Scan& scan, int shard, Key last, const Snapshot& snapshot,
                   std::int64_t transaction);
  // The scan found nothing due in `shards`.
  void RecordIdle(Lane lane, const Scan& scan, std::span<const std::int64_t> shards,
                  const Snapshot& snapshot);
  // A row was found in `shard`, just above `watermark`.
  void Lower(Lane lane, int shard, Key watermark);

 private:
  struct Shard {
    Key watermark;
    absl::Time sweep_time = absl::InfinitePast();
  };
  struct LaneState {
    int next_shard = 0;
    std::vector<Shard> shards;
  };

  Key Begin(const Shard& shard) const;
  // The key below which no further row will be inserted.
  Key Settled(const Snapshot& snapshot) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // A scan found that `shard` is empty from its start up to `up_to`.
  void Raise(Lane lane, const Scan& scan, int shard, Key up_to)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  mutable absl::Mutex mutex_;
  std::map<Lane, LaneState> lanes_ ABSL_GUARDED_BY(mutex_);
  // The times that claims read from the clock of the database, by transaction number.
  std::map<std::int64_t, absl::Time> clocks_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
