#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/types/span.h"

#include "libs/smtp/fault.h"
#include "libs/telemetry/metrics.h"
#include "services/dispatch/storage/queue_store.h"
#include "services/dispatch/transports/circuit_breaker.h"

namespace lmsmail::dispatch {

// Names in metrics and logs: "deferred", "quiet_hours".
std::string_view NameOf(Outcome::Kind kind);
std::string_view NameOf(Reason reason);

// The metrics of dispatch:
//   lmsmail_dispatch_accepted_total{lane}          mails accepted by this process
//   lmsmail_dispatch_outcomes_total{kind,reason,transport,category}
//                                                  outcomes recorded by this process; of templates
//                                                  any number exist, GetMailStats counts by them
//   lmsmail_dispatch_send_latency_seconds{lane}    from accepted or due, the later one, to sent
//   lmsmail_dispatch_oldest_due_seconds{lane}      for how long the oldest mail has been due; each
//                                                  replica tells it of all replicas
//   lmsmail_dispatch_unrecorded_total              outcomes that the database refuses to record
//   lmsmail_dispatch_in_flight                     mails handed over and not recorded yet
//   lmsmail_dispatch_journal_in_use                entries of the intent journal in use
//   lmsmail_dispatch_claim_seconds                 time to claim a batch, except empty ones
//   lmsmail_dispatch_flush_seconds                 time to record a batch's outcomes
//   lmsmail_dispatch_queue_depth{lane,kind}        mails due, waiting and scheduled, all replicas
//   lmsmail_dispatch_circuit_breaker_open{transport,cause}  1 while it is open or half-open
//   lmsmail_dispatch_circuit_breaker_openings_total{transport,cause}  also those after a probe
//   lmsmail_dispatch_connection_faults_total{transport,cause}  connections that failed
//   lmsmail_dispatch_content_dropped_total         mails whose content this process dropped
//   lmsmail_dispatch_log_partitions_dropped_total  partitions of the log this process dropped
//   lmsmail_dispatch_failovers_total{from,to}      mails handed to another transport than the one
//                                                  they prefer
// Thread-safe.
class DispatchMetrics {
 public:
  // `metrics` must outlive this.
  explicit DispatchMetrics(telemetry::Metrics& metrics);

  void CountAccepted(Lane lane, int mails);
  void CountOutcomes(absl::Span<const Outcome> outcomes);
  void CountUnrecorded(int outcomes) { unrecorded_.Increment(outcomes); }
  void SetDepth(const LaneDepth& depth, absl::Time now);
  void CountFailover(const std::string& from, const std::string& to);
  void CountConnectionFault(const std::string& transport, smtp::Fault fault);
  // Exports the series of a configured transport, whose circuit breaker is closed. Its uncertain
  // mail begins with 0, so that rates see the first.
  void AddTransport(const std::string& transport);
  // nullopt: it is closed.
  void SetCircuitBreaker(const std::string& transport, std::optional<CircuitBreaker::Cause> cause);

  telemetry::Gauge in_flight;
  telemetry::Gauge journal_in_use;
  telemetry::Histogram claim_seconds;
  telemetry::Histogram flush_seconds;
  telemetry::Counter content_dropped;
  telemetry::Counter log_partitions_dropped;

 private:
  telemetry::Counter OutcomesOf(Outcome::Kind kind, Reason reason, std::string_view transport,
                                Category category) const;

  telemetry::Counter unrecorded_;
  telemetry::CounterFamily accepted_;
  telemetry::CounterFamily outcomes_;
  std::map<Lane, telemetry::Histogram> send_latency_;
  telemetry::GaugeFamily queue_depth_;
  telemetry::GaugeFamily oldest_due_;
  telemetry::GaugeFamily circuit_breakers_;
  telemetry::CounterFamily breaker_openings_;
  telemetry::CounterFamily connection_faults_;
  telemetry::CounterFamily failovers_;
};

}  // namespace lmsmail::dispatch
