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

// Keeps the queue in order: takes mail back from dead workers and moves mail of later days near
// every few seconds, looks for what claims overlook every ten minutes, makes and forgets by the
// hour. All replicas may do it at once.
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
        searched_(clock.Now()) {}  // a new store overlooks nothing

  // Calls Turn() every sweep_interval, on a thread of its own.
  void Start();
  void Stop();
  // Not thread-safe.
  void Turn();

  struct Swept {
    std::int64_t recovered = 0;
    std::int64_t promoted = 0;
  };
  // The part of every turn that can be asked for at any time. Thread-safe.
  absl::StatusOr<Swept> Sweep();

 private:
  QueueStore& queue_;
  const Clock& clock_;
  DispatchMetrics& metrics_;
  const Options options_;
  // Turn()'s own.
  absl::Time searched_;
  absl::Time maintained_ = absl::InfinitePast();
  telemetry::LogEvery log_{absl::Seconds(30)};
  std::unique_ptr<lifecycle::Periodic> periodic_;
};

}  // namespace lmsmail::dispatch
