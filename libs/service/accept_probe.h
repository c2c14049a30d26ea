#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"

namespace lmsmail::service {

// OK when the server at `host` and `port` accepts a connection within `timeout` and answers it:
// with the settings that an HTTP/2 server sends first, or, with TLS, by closing a connection
// that ends without a handshake. The kernel alone completes connections to a listener that nobody
// accepts from, so a completed connection proves nothing.
absl::Status ProbeListener(const std::string& host, std::uint16_t port, absl::Duration timeout);

// Connects to the service's own listener again and again. gRPC stops accepting for good when it has
// no file descriptor for a connection, and health checks on connections that are open tell nothing
// of it. Runs on a thread of its own.
class AcceptProbe {
 public:
  using Probe = std::function<absl::Status()>;

  // So many probes in a row must fail, so that a burst of connections is no failure.
  static constexpr int kMaxFailures = 3;

  // `failed` runs at most once; error() says why.
  AcceptProbe(Probe probe, absl::Duration interval, std::function<void()> failed);

  // No callback runs afterwards.
  void Stop() { periodic_.Stop(); }

  // Why the listener counts as dead; OK while it does not.
  absl::Status error() const;

 private:
  absl::Duration Step();

  const Probe probe_;
  const absl::Duration interval_;
  const std::function<void()> failed_;
  int failures_ = 0;  // used by the thread only
  mutable absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::service
