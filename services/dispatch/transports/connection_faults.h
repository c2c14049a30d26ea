#pragma once

#include <functional>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/smtp/fault.h"

namespace lmsmail::dispatch {

// Counts the connection faults of one transport and logs its outages: a line when one begins, when
// its cause changes, and when a connection works again, at most one fault a minute. What the
// circuit breaker logs, such as a refused login, is only counted here. Thread-safe.
class ConnectionFaults {
 public:
  using Observer = std::function<void(const std::string& transport, smtp::Fault fault)>;

  // `clock` must outlive this. `observer` may be empty.
  ConnectionFaults(std::string transport, std::string host, int port, const Clock& clock,
                   Observer observer);

  // As smtp::Client::ConnectionObserver: OK when a connection is ready for mail.
  void OnConnection(const absl::Status& status);

 private:
  struct Outage {
    absl::Time begin;
    smtp::Fault fault;  // as logged last
    int faults = 0;
  };

  void OnFault(smtp::Fault fault, const absl::Status& status);
  void OnReady();

  const std::string transport_;
  const std::string host_;
  const int port_;
  const Clock& clock_;
  const Observer observer_;
  absl::Mutex mutex_;
  absl::Time last_logged_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::optional<Outage> outage_ ABSL_GUARDED_BY(mutex_);  // one that was logged
};

}  // namespace lmsmail::dispatch
