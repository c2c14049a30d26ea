#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/claiming/retention.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Maintains the queue. All replicas may run it at the same time.
//
// What mail waits for runs every few seconds: mail of dead workers is recovered, scheduled mail
// that is due within a day is moved into the queue; every hour partitions are made. What may take
// minutes and delays no mail has its own thread: content, days of the log and keys of purged mail
// whose retention has ended are deleted in short steps, overlooked mail is searched for every ten
// minutes, the tables are cleaned up every hour.
class QueueMaintenance {
 public:
  struct Options {
    absl::Duration sweep_interval = absl::Seconds(5);
    absl::Duration search_interval = absl::Minutes(10);
    absl::Duration maintain_interval = absl::Hours(1);
    absl::Duration forget_pause = absl::Milliseconds(100);  // between steps, for other work
    Retention retention = {};
  };
  // All must outlive this.
  QueueMaintenance(QueueStore& queue, const Clock& clock, DispatchMetrics& metrics, Options options)
      : queue_(queue),
        clock_(clock),
        metrics_(metrics),
        options_(std::move(options)),
        searched_(clock.Now()) {}  // a new store has overlooked nothing

  // Calls RunOnce() and CleanUpOnce() every sweep_interval, each on its own thread.
  void Start();
  // Ends a clean-up early.
  void Stop();
  // Neither is thread-safe, but they may run at the same time.
  void RunOnce();
  // Returns how long to wait before the next call.
  absl::Duration CleanUpOnce();

  struct Swept {
    std::int64_t recovered = 0;
    std::int64_t promoted = 0;
  };
  // The part of every run that may be called at any time. Thread-safe.
  absl::StatusOr<Swept> Sweep(absl::Time deadline);

 private:
  QueueStore& queue_;
  const Clock& clock_;
  DispatchMetrics& metrics_;
  const Options options_;
  void LogFailure(const absl::Status& status);
  // Returns whether there may be more to do.
  absl::StatusOr<bool> DropContent();
  absl::Status DropOutcomes();

  absl::Time partitions_made_ = absl::InfinitePast();  // used by RunOnce() alone
  // Used by CleanUpOnce() alone.
  absl::Time searched_;
  absl::Time maintained_ = absl::InfinitePast();
  absl::Time retained_ = absl::InfinitePast();  // until then, nothing is to be dropped
  telemetry::LogEvery log_{absl::Seconds(30)};
  std::unique_ptr<lifecycle::Periodic> sweeping_;
  std::unique_ptr<lifecycle::Periodic> cleaning_;
};

}  // namespace lmsmail::dispatch
