#include "services/dispatch/limits/connection_sharing.h"

#include <fmt/format.h>

#include <utility>

namespace lmsmail::dispatch {

ConnectionSharing::ConnectionSharing(ConnectionShares& store, Transports& transports,
                                     const Clock& clock, std::string holder)
    : store_(store), clock_(clock), holder_(std::move(holder)) {
  for (const std::string& name : transports.Names()) {
    Transport* const transport = transports.Find(name);
    if (transport->shared_connections() > 0) limited_.push_back(transport);
  }
}

void ConnectionSharing::Start() {
  if (limited_.empty() || periodic_ != nullptr) return;
  periodic_ = std::make_unique<lifecycle::Periodic>("connections", kInterval, [this] { Renew(); });
}

void ConnectionSharing::Stop() {
  if (periodic_ == nullptr) return;
  periodic_->Stop();
  const absl::Status left = store_.Leave(holder_);
  if (!left.ok()) {
    log_.Log(telemetry::Level::kInfo, "connections are free for others when the lease ends",
             {{"error", left}});
  }
}

void ConnectionSharing::Renew() {
  for (Transport* const transport : limited_) {
    const std::string& name = transport->info().name;
    const absl::Time asked = clock_.Now();
    const absl::StatusOr<int> share = store_.Share({.key = fmt::format("transport:{}", name),
                                                    .holder = holder_,
                                                    .total = transport->shared_connections(),
                                                    .lease = kLease});
    if (share.ok()) {
      transport->SetConnections(*share);
      lease_ends_[name] = asked + kLease;
      continue;
    }
    log_.Log(telemetry::Level::kWarning, "connections could not be shared",
             {{"transport", name}, {"error", share.status()}});
    if (clock_.Now() >= lease_ends_[name]) transport->SetConnections(0);
  }
}

}  // namespace lmsmail::dispatch
