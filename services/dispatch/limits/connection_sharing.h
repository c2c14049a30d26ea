#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/lifecycle/periodic.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/transports/transports.h"

namespace lmsmail::dispatch {

// Keeps the connections of all replicas to a mail server within what it allows, for transports that
// have such a limit: asks again and again for this replica's share of them, and hands it on. From
// Start() to Stop().
class ConnectionSharing {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr absl::Duration kLease = absl::Seconds(15);

  // `holder` is this replica's name. The others must outlive this.
  ConnectionSharing(ConnectionShares& store, Transports& transports, const Clock& clock,
                    std::string holder);

  // Does nothing where no transport has a limit. Idempotent.
  void Start();
  // Call it when the transports are shut down, so that others may have their connections.
  void Stop();

  // What Start() does at each turn.
  void Renew();

 private:
  ConnectionShares& store_;
  const Clock& clock_;
  const std::string holder_;
  std::vector<Transport*> limited_;
  // The rest is the thread's own.
  std::map<std::string, absl::Time> ends_;  // of leases, by transport
  telemetry::LogEvery log_{absl::Seconds(30)};
  std::unique_ptr<lifecycle::Periodic> periodic_;
};

}  // namespace lmsmail::dispatch
