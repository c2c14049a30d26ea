#pragma once

#include <array>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::rpc {

// The server's metrics:
//   lmsmail_rpc_handled_total{method,code}    calls that ended
//   lmsmail_rpc_caller_handled_total{caller,code}
//   lmsmail_rpc_duration_seconds{method}      from arrival to response
//   lmsmail_rpc_undecodable_total{method}     calls that sent bytes that are no request
//   lmsmail_rpc_queue_seconds                 from arrival until a thread was free
//   lmsmail_rpc_in_flight                     arrived and not ended
// Thread-safe.
class CallMetrics {
 public:
  explicit CallMetrics(telemetry::Metrics& metrics);

  void Arrived();
  void Begun(absl::Duration queued);
  // Counts, and logs at most once in ten seconds, because callers can cause any number of these.
  void Undecodable(std::string_view method, std::string_view request_id,
                   const absl::Status& status);
  // Callers are as many as the callers file has.
  void Ended(std::string_view method, std::string_view caller, absl::StatusCode code,
             absl::Duration took);

 private:
  static constexpr int kCodes = 17;
  using CounterByCode = std::array<telemetry::Counter, kCodes>;  // by absl::StatusCode
  struct Method {
    CounterByCode handled;
    telemetry::Histogram duration;
  };

  const Method& ForMethod(std::string_view method);
  const CounterByCode& ForCaller(std::string_view caller);

  telemetry::CounterFamily handled_;
  telemetry::CounterFamily caller_handled_;
  telemetry::HistogramFamily duration_;
  telemetry::CounterFamily undecodable_;
  telemetry::LogEvery undecodable_log_{absl::Seconds(10)};
  telemetry::Histogram queue_;
  telemetry::Gauge in_flight_;
  absl::Mutex mutex_;
  // Looking up a series in its family takes a lock and a map of labels, so each is kept.
  std::map<std::string, Method, std::less<>> methods_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, CounterByCode, std::less<>> callers_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::rpc
