#include "services/dispatch/claiming/dispatch_metrics.h"

#include <algorithm>
#include <array>
#include <map>
#include <string>
#include <tuple>
#include <utility>

namespace lmsmail::dispatch {

std::string_view NameOf(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kSent:
      return "sent";
    case Outcome::Kind::kDeferred:
      return "deferred";
    case Outcome::Kind::kFailed:
      return "failed";
    case Outcome::Kind::kCancelled:
      return "cancelled";
    case Outcome::Kind::kExpired:
      return "expired";
    case Outcome::Kind::kUncertain:
      return "uncertain";
    case Outcome::Kind::kSkipped:
      return "skipped";
  }
  return "unknown";
}

std::string_view NameOf(Reason reason) {
  constexpr std::array<std::string_view, 22> kNames = {"none",
                                                       "unknown_recipient",
                                                       "unsubscribed",
                                                       "bounced",
                                                       "complained",
                                                       "suppressed",
                                                       "invalid_address",
                                                       "quiet_hours",
                                                       "no_consent",
                                                       "template_unavailable",
                                                       "render_failed",
                                                       "too_large",
                                                       "recipient_rejected",
                                                       "sender_rejected",
                                                       "content_rejected",
                                                       "deferred_by_server",
                                                       "unreachable",
                                                       "rate_limited",
                                                       "check_unavailable",
                                                       "connection_lost_after_data",
                                                       "cancelled",
                                                       "expired"};
  const auto index = static_cast<std::size_t>(reason);
  return index < kNames.size() ? kNames[index] : "unknown";
}

DispatchMetrics::DispatchMetrics(telemetry::Metrics& metrics)
    : in_flight(metrics
                    .AddGauge("lmsmail_dispatch_in_flight",
                              "Mails handed over whose outcome is not recorded yet.")
                    .With()),
      journal_in_use(metrics
                         .AddGauge("lmsmail_dispatch_journal_in_use",
                                   "Mails that the intent journal records; it has room for "
                                   "worker.max_in_flight.")
                         .With()),
      claim_seconds(metrics
                        .AddHistogram("lmsmail_dispatch_claim_seconds",
                                      "Time to take a batch of mails from the queue.")
                        .With()),
      flush_seconds(
          metrics
              .AddHistogram("lmsmail_dispatch_flush_seconds", "Time to record a batch of outcomes.")
              .With()),
      content_dropped(metrics
                          .AddCounter("lmsmail_dispatch_content_dropped_total",
                                      "Mails whose personal content was dropped, because its "
                                      "retention has ended.")
                          .With()),
      log_partitions_dropped(
          metrics
              .AddCounter("lmsmail_dispatch_log_partitions_dropped_total",
                          "Partitions of the log that were dropped, because the retention "
                          "of outcomes has ended.")
              .With()),
      unrecorded_(metrics
                      .AddCounter("lmsmail_dispatch_unrecorded_total",
                                  "Outcomes given up because the database refuses them.")
                      .With()),
      accepted_(metrics.AddCounter("lmsmail_dispatch_accepted_total", "Mails accepted, by lane.")),
      outcomes_(metrics.AddCounter("lmsmail_dispatch_outcomes_total",
                                   "Outcomes recorded, by kind, reason, transport and category.")),
      queue_depth_(metrics.AddGauge("lmsmail_dispatch_queue_depth",
                                    "Mails in the queue of all replicas, by lane and kind.")),
      oldest_due_(metrics.AddGauge("lmsmail_dispatch_oldest_due_seconds",
                                   "For how long the oldest mail in the queue has been due.")),
      circuit_breakers_(metrics.AddGauge("lmsmail_dispatch_circuit_breaker_open",
                                         "1 while the circuit breaker of a transport is open or "
                                         "half-open, 0 while it is closed.")),
      breaker_openings_(metrics.AddCounter("lmsmail_dispatch_circuit_breaker_openings_total",
                                           "How often the circuit breaker of a transport opened, "
                                           "by cause.")),
      connection_faults_(metrics.AddCounter("lmsmail_dispatch_connection_faults_total",
                                            "Connections to mail servers that could not be made "
                                            "or were lost, by transport and cause.")),
      failovers_(metrics.AddCounter("lmsmail_dispatch_failovers_total",
                                    "Mails handed to another transport than the one they prefer, "
                                    "because that is not available.")) {
  const telemetry::HistogramFamily latency =
      metrics.AddHistogram("lmsmail_dispatch_send_latency_seconds",
                           "Time from accepted or due, whichever is later, to sent.",
                           {0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300,
                            900, 3600, 21600, 86400, 259200});
  for (const Lane lane : kLanes) {
    send_latency_.emplace(lane, latency.With({{"lane", std::string(NameOf(lane))}}));
  }
}

void DispatchMetrics::CountAccepted(Lane lane, int mails) {
  accepted_.With({{"lane", std::string(NameOf(lane))}}).Increment(mails);
}

void DispatchMetrics::CountOutcomes(absl::Span<const Outcome> outcomes) {
  using Key = std::tuple<Outcome::Kind, Reason, std::string_view, Category>;
  std::map<Key, int> counts;
  for (const Outcome& outcome : outcomes) {
    ++counts[{outcome.kind, outcome.reason, outcome.transport, outcome.category}];
    if (outcome.kind == Outcome::Kind::kSent) {
      send_latency_.at(outcome.lane).Observe(absl::ToDoubleSeconds(outcome.latency));
    }
  }
  for (const auto& [key, count] : counts) {
    const auto& [kind, reason, transport, category] = key;
    OutcomesOf(kind, reason, transport, category).Increment(count);
  }
}

void DispatchMetrics::SetDepth(const LaneDepth& depth, absl::Time now) {
  const std::string lane(NameOf(depth.lane));
  queue_depth_.With({{"lane", lane}, {"kind", "due"}}).Set(static_cast<double>(depth.due));
  queue_depth_.With({{"lane", lane}, {"kind", "waiting"}}).Set(static_cast<double>(depth.waiting));
  queue_depth_.With({{"lane", lane}, {"kind", "scheduled"}})
      .Set(static_cast<double>(depth.scheduled));
  const absl::Duration overdue = depth.oldest_due
                                     ? std::max(now - *depth.oldest_due, absl::ZeroDuration())
                                     : absl::ZeroDuration();
  oldest_due_.With({{"lane", lane}}).Set(absl::ToDoubleSeconds(overdue));
}

void DispatchMetrics::CountFailover(const std::string& from, const std::string& to) {
  failovers_.With({{"from", from}, {"to", to}}).Increment();
}

void DispatchMetrics::CountConnectionFault(const std::string& transport, smtp::Fault fault) {
  connection_faults_.With({{"transport", transport}, {"cause", std::string(smtp::NameOf(fault))}})
      .Increment();
}

telemetry::Counter DispatchMetrics::OutcomesOf(Outcome::Kind kind, Reason reason,
                                               std::string_view transport,
                                               Category category) const {
  return outcomes_.With({{"kind", std::string(NameOf(kind))},
                         {"reason", std::string(NameOf(reason))},
                         {"transport", std::string(transport)},
                         {"category", std::string(NameOf(category))}});
}

void DispatchMetrics::AddTransport(const std::string& transport) {
  SetCircuitBreaker(transport, std::nullopt);
  for (const Category category : kCategories) {
    OutcomesOf(Outcome::Kind::kUncertain, Reason::kConnectionLostAfterData, transport, category);
  }
}

void DispatchMetrics::SetCircuitBreaker(const std::string& transport,
                                        std::optional<CircuitBreaker::Cause> cause) {
  using Cause = CircuitBreaker::Cause;
  for (const Cause each : {Cause::kSender, Cause::kLogin, Cause::kQuota}) {
    const telemetry::Labels labels = {{"transport", transport},
                                      {"cause", std::string(NameOf(each))}};
    circuit_breakers_.With(labels).Set(each == cause ? 1 : 0);
    breaker_openings_.With(labels).Increment(each == cause ? 1 : 0);
  }
}

}  // namespace lmsmail::dispatch
