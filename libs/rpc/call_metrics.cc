#include "libs/rpc/call_metrics.h"

#include <cstddef>
#include <utility>

#include "libs/strings/view.h"

namespace lmsmail::rpc {
namespace {

template <std::size_t... kCode>
std::array<telemetry::Counter, sizeof...(kCode)> CounterPerCode(
    const telemetry::CounterFamily& family, const std::string& label, const std::string& value,
    std::index_sequence<kCode...>) {
  return {
      family.With({{label, value},
                   {"code", absl::StatusCodeToString(static_cast<absl::StatusCode>(kCode))}})...};
}

}  // namespace

CallMetrics::CallMetrics(telemetry::Metrics& metrics)
    : handled_(metrics.AddCounter("lmsmail_rpc_handled_total",
                                  "Calls that ended, by method and status code.")),
      caller_handled_(metrics.AddCounter("lmsmail_rpc_caller_handled_total",
                                         "Calls that ended, by caller and status code.")),
      duration_(metrics.AddHistogram("lmsmail_rpc_duration_seconds",
                                     "Time from a call's arrival to its response.")),
      undecodable_(metrics.AddCounter("lmsmail_rpc_undecodable_total",
                                      "Calls that sent bytes that are no request, by method.")),
      queue_(metrics
                 .AddHistogram("lmsmail_rpc_queue_seconds",
                               "Time from a call's arrival until a thread was free for it.")
                 .With()),
      in_flight_(metrics.AddGauge("lmsmail_rpc_in_flight", "Calls that arrived and have not ended.")
                     .With()) {}

void CallMetrics::Arrived() { in_flight_.Add(1); }

void CallMetrics::Begun(absl::Duration queued) { queue_.Observe(absl::ToDoubleSeconds(queued)); }

void CallMetrics::Undecodable(std::string_view method, std::string_view request_id,
                              const absl::Status& status) {
  undecodable_.With({{"method", std::string(method)}}).Increment();
  undecodable_log_.Log(telemetry::Level::kWarning, "request cannot be parsed",
                       {{"method", method}, {"request_id", request_id}, {"error", status}});
}

void CallMetrics::Ended(std::string_view method, std::string_view caller, absl::StatusCode code,
                        absl::Duration took) {
  in_flight_.Add(-1);
  const Method& of_method = ForMethod(method);
  const auto known = static_cast<std::size_t>(code) < kCodes ? code : absl::StatusCode::kUnknown;
  const auto index = static_cast<std::size_t>(known);
  of_method.handled[index].Increment();
  ForCaller(caller)[index].Increment();
  of_method.duration.Observe(absl::ToDoubleSeconds(took));
}

const CallMetrics::Method& CallMetrics::ForMethod(std::string_view method) {
  absl::MutexLock lock(&mutex_);
  auto found = methods_.find(method);
  if (found == methods_.end()) {
    const std::string name(method);
    found = methods_
                .emplace(name, Method{CounterPerCode(handled_, "method", name,
                                                     std::make_index_sequence<kCodes>()),
                                      duration_.With({{"method", name}})})
                .first;
  }
  return found->second;
}

const CallMetrics::CounterByCode& CallMetrics::ForCaller(std::string_view caller) {
  absl::MutexLock lock(&mutex_);
  auto found = callers_.find(caller);
  if (found == callers_.end()) {
    const std::string name(caller);
    found = callers_
                .emplace(name, CounterPerCode(caller_handled_, "caller", name,
                                              std::make_index_sequence<kCodes>()))
                .first;
  }
  return found->second;
}

}  // namespace lmsmail::rpc
