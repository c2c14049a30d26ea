#pragma once

#include <grpcpp/channel.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::service {

// Another service that this one calls. Without it this one is ready, but degraded.
struct Peer {
  std::string name;                     // "preference"
  std::function<absl::Status()> check;  // OK while it serves
};

// A peer whose health checks say SERVING. One without a health service serves, too.
Peer PeerOf(std::string name, std::shared_ptr<grpc::Channel> channel);

// Watches the peers, on a thread of its own, and tells which are missing:
//   lmsmail_degraded{peer}   1 while two checks in a row have failed
// A change is logged.
class PeerWatch {
 public:
  using Changed = std::function<void(const std::string& peer, bool serves)>;

  // Peers count as serving at first; `changed` is called at each change.
  PeerWatch(
      std::vector<Peer> peers, absl::Duration interval, telemetry::Metrics& metrics,
      Changed changed = [](const std::string&, bool) {});

  // The names of those that are missing. Thread-safe.
  std::vector<std::string> Missing() const;

  // `changed` is not called afterwards. Waits for a running check, up to two seconds.
  void Stop();

 private:
  struct Watched {
    Peer peer;
    telemetry::Gauge degraded;
    int failures = 0;  // in a row
  };

  void CheckAll();
  void Check(Watched& watched);

  const Changed changed_;
  std::vector<Watched> watched_;  // used by the thread only
  std::atomic<bool> stopping_ = false;
  mutable absl::Mutex mutex_;
  std::vector<std::string> missing_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::service
