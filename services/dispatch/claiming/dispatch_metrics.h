#pragma once

#include <string_view>

#include "absl/types/span.h"

#include "libs/telemetry/metrics.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Names as metrics and people read them: "deferred", "quiet_hours", "bulk".
std::string_view NameOf(Outcome::Kind kind);
std::string_view NameOf(Reason reason);

// What dispatch counts:
//   lmsmail_dispatch_accepted_total{lane}          mails accepted by this process
//   lmsmail_dispatch_outcomes_total{kind,reason}   outcomes recorded by this process
//   lmsmail_dispatch_unrecorded_total              outcomes given up because the store refuses them
//   lmsmail_dispatch_in_flight                     mails handed over and not recorded yet
//   lmsmail_dispatch_claim_seconds                 time to take a batch, empty ones left out
//   lmsmail_dispatch_flush_seconds                 time to record a batch's outcomes
//   lmsmail_dispatch_queue_depth{lane,kind}        mails due, waiting and scheduled, in all
//   replicas
// Thread-safe.
class DispatchMetrics {
 public:
  // `metrics` must outlive this.
  explicit DispatchMetrics(telemetry::Metrics& metrics);

  void CountAccepted(Lane lane, int mails);
  void CountOutcomes(absl::Span<const Outcome> outcomes);
  void CountUnrecorded(int outcomes) { unrecorded_.Increment(outcomes); }
  void SetDepth(const LaneDepth& depth);

  telemetry::Gauge in_flight;
  telemetry::Histogram claim_seconds;
  telemetry::Histogram flush_seconds;

 private:
  telemetry::Counter unrecorded_;
  telemetry::CounterFamily accepted_;
  telemetry::CounterFamily outcomes_;
  telemetry::GaugeFamily queue_depth_;
};

}  // namespace lmsmail::dispatch
