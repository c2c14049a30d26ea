#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::service {

// Notices that the database was restored to an earlier time, by a mark in it that all replicas move
// forward: functions/observe_database.sql says how. Whoever notices it first stops, in the same
// transaction, what would be done again. A process that knew the database as it was before must
// end, because what it keeps in memory is of a time that never was. Thread-safe.
class RestoreWatch {
 public:
  struct Options {
    // Whether a failover counts as a restore, as it may lack the last commits of an asynchronous
    // standby.
    bool pause_after_failover = false;
    std::function<void()> must_end;  // may be called several times, from any thread
  };
  // `metrics` must outlive this.
  RestoreWatch(Options options, telemetry::Metrics& metrics);

  // For postgres::PoolOptions::connected: no connection is used before it was looked at. OK while
  // the schema has no mark yet.
  absl::Status Connected(postgres::Session& session);

  // Moves the mark forward. `pool` has the service's schema. Call it once the schema is prepared,
  // and then from time to time.
  absl::Status Beat(postgres::Pool& pool);

  // Why the process must end; OK if it need not.
  absl::Status error() const;

 private:
  struct Seen {
    std::string generation;
    absl::Time mark_time;
  };
  struct Observation {
    Seen seen;
    std::optional<absl::Time> restore_time;
    std::string restored_to;  // empty: never restored
    bool restored = false;    // by this observation
    bool moved = false;       // to another server or timeline
  };

  template <typename Transaction>
  Observation Observe(Transaction& tx, bool beat);
  absl::Status Take(const Observation& observation);

  const Options options_;
  const telemetry::Gauge restore_time_;
  mutable absl::Mutex mutex_;
  std::optional<Seen> seen_ ABSL_GUARDED_BY(mutex_);
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::service
