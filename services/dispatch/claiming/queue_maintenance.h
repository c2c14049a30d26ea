#pragma once

#include <cstdint>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/claiming/dispatch_metrics.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Maintains the queue: every few seconds it recovers mail of dead workers and moves scheduled mail
// that is due within a day into the queue; every ten minutes it searches for overlooked mail; every
// hour it creates partitions and drops old keys. All replicas may run it at the same time.
class QueueMaintenance {
 public:
  struct Options {
    absl::Duration sweep_interval = absl::Seconds(5);
    absl::Duration search_interval = absl::Minutes(10);
    absl::Duration maintain_interval = absl::Hours(1);
  };
  // All must outlive this.
  QueueMaintenance(QueueStore& queue, const Clock& clock, DispatchMetrics& metrics, Options options)
      : queue_(queue),
        clock_(clock),
        metrics_(metrics),
        options_(options),
        searched_(clock.Now()) {}  // a new store has overlooked nothing

  // Calls RunOnce() every sweep_interval on its own thread.
  void Start();
  void Stop();
  // Not thread-safe.
  void RunOnce();

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
  // Used by RunOnce() alone.
  absl::Time searched_;
  absl::Time maintained_ = absl::InfinitePast();
  telemetry::LogEvery log_{absl::Seconds(30)};
  std::unique_ptr<lifecycle::Periodic> periodic_;
};

}  // namespace lmsmail::dispatch
