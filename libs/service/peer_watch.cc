#include "libs/service/peer_watch.h"

#include <algorithm>
#include <utility>

#include "libs/rpc/health_check.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

constexpr absl::Duration kTimeout = absl::Seconds(2);
// A single check fails also when a peer is replaced.
constexpr int kFailures = 2;

absl::Status CheckHealth(const std::shared_ptr<grpc::Channel>& channel) {
  const absl::StatusOr<bool> serving = rpc::IsServing(channel, "", kTimeout);
  if (absl::IsUnimplemented(serving.status())) return absl::OkStatus();
  LMSMAIL_RETURN_IF_ERROR(serving.status());
  return *serving ? absl::OkStatus() : absl::UnavailableError("it reports NOT_SERVING");
}

}  // namespace

Peer PeerOf(std::string name, std::shared_ptr<grpc::Channel> channel) {
  return {.name = std::move(name),
          .check = [channel = std::move(channel)] { return CheckHealth(channel); }};
}

PeerWatch::PeerWatch(std::vector<Peer> peers, absl::Duration interval, telemetry::Metrics& metrics,
                     Changed changed)
    : changed_(std::move(changed)),
      watched_([&] {
        const telemetry::GaugeFamily degraded = metrics.AddGauge(
            "lmsmail_degraded",
            "1 while a service that this one calls is missing; this one is ready all the same.");
        std::vector<Watched> watched;
        for (Peer& peer : peers) {
          const telemetry::Gauge gauge = degraded.With({{"peer", peer.name}});
          watched.push_back({.peer = std::move(peer), .degraded = gauge});
        }
        return watched;
      }()),
      periodic_("peers", interval, [this] { CheckAll(); }) {}

std::vector<std::string> PeerWatch::Missing() const {
  absl::MutexLock lock(&mutex_);
  return missing_;
}

void PeerWatch::Stop() {
  stopping_ = true;
  periodic_.Stop();
}

void PeerWatch::CheckAll() {
  for (Watched& watched : watched_) {
    if (stopping_) return;
    Check(watched);
  }
}

void PeerWatch::Check(Watched& watched) {
  const std::string& name = watched.peer.name;
  const absl::Status status = watched.peer.check();
  if (stopping_) return;
  const bool was_missing = watched.failures >= kFailures;
  watched.failures = status.ok() ? 0 : std::min(watched.failures + 1, kFailures);
  const bool missing = watched.failures >= kFailures;
  if (missing == was_missing) return;
  {
    absl::MutexLock lock(&mutex_);
    std::erase(missing_, name);
    if (missing) missing_.push_back(name);
  }
  watched.degraded.Set(missing ? 1 : 0);
  if (missing) {
    telemetry::LogWarning("degraded: a peer is missing", {{"peer", name}, {"error", status}});
  } else {
    telemetry::LogInfo("a peer is back", {{"peer", name}});
  }
  changed_(name, !missing);
}

}  // namespace lmsmail::service
