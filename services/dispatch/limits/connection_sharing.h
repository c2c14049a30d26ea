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

// Keeps the connections of all replicas to a mail server within its limit, for transports that have
// one: renews this replica's share every kInterval and passes it to the transport, from Start() to
// Stop().
class ConnectionSharing {
 public:
  static constexpr absl::Duration kInterval = absl::Seconds(5);
  static constexpr absl::Duration kLease = absl::Seconds(15);

  // `holder` is the name of this replica. The others must outlive this.
  ConnectionSharing(ConnectionShares& store, Transports& transports, const Clock& clock,
                    std::string holder);

  // Does nothing when no transport has a limit. Idempotent.
  void Start();
  // Gives the share up. To be called after the shutdown of the transports.
  void Stop();

  // Renews once; Start() calls it every kInterval.
  void Renew();

 private:
  ConnectionShares& store_;
  const Clock& clock_;
  const std::string holder_;
  std::vector<Transport*> limited_;
  // Used by the thread alone.
  std::map<std::string, absl::Time> lease_ends_;  // by transport
  telemetry::LogEvery log_{absl::Seconds(30)};
  std::unique_ptr<lifecycle::Periodic> periodic_;
};

}  // namespace lmsmail::dispatch
