#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/delivery/in_flight_budget.h"
#include "services/dispatch/delivery/intent_journal.h"
#include "services/dispatch/delivery/open_claims.h"
#include "services/dispatch/dispatch_metrics.h"
#include "services/dispatch/queue_store.h"

namespace lmsmail::dispatch {

// Records outcomes, many in one transaction; gives back what was not sent. One thread's own.
class Flusher {
 public:
  // All must outlive this.
  Flusher(QueueStore& queue, OpenClaims& claims, InFlightBudget& budget, IntentJournal& journal,
          DispatchMetrics& metrics)
      : queue_(queue), claims_(claims), budget_(budget), journal_(journal), metrics_(metrics) {}

  // Records all that waits. False when something could not be recorded and waits still: the
  // database is away, and what is not recorded keeps the in-flight budget down.
  bool FlushAll();

 private:
  absl::Status Flush(const OpenClaims::Job& job);

  QueueStore& queue_;
  OpenClaims& claims_;
  InFlightBudget& budget_;
  IntentJournal& journal_;
  DispatchMetrics& metrics_;
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
