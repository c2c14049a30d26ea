#include <algorithm>
#include <atomic>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/lifecycle/shutdown_signal.h"
#include "libs/rpc/channel.h"
#include "libs/service/peer_watch.h"
#include "libs/service/process.h"
#include "libs/service/shutdown_watchdog.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"
#include "libs/version/version.h"
#include "services/gateway/admin_listener.h"
#include "services/gateway/config.h"
#include "services/gateway/public_listener.h"

namespace lmsmail::gateway {
namespace {

constexpr absl::Duration kPeerInterval = absl::Seconds(3);

absl::StatusOr<std::vector<service::Peer>> PeersOf(const GatewayConfig& config) {
  std::vector<service::Peer> peers;
  for (const auto& [name, peer] :
       std::initializer_list<std::pair<const char*, const service::PeerConfig*>>{
           {"template", &config.templates},
           {"preference", &config.preference},
           {"dispatch", &config.dispatch},
           {"scheduler", &config.scheduler},
           {"report", &config.report}}) {
    LMSMAIL_ASSIGN_OR_RETURN(auto channel, rpc::NewChannel(peer->Channel()));
    peers.push_back(service::PeerOf(name, std::move(channel)));
  }
  return peers;
}

absl::Status Run(const GatewayConfig& config, std::string_view version) {
  std::optional<service::ShutdownWatchdog> watchdog;  // first, so that it is destroyed last
  telemetry::Metrics metrics(
      {.service = "gateway", .version = std::string(version), .commit = lmsmail::version::kCommit});
  LMSMAIL_ASSIGN_OR_RETURN(const auto traces,
                           service::StartTraces(config.traces, "gateway", metrics));
  const SystemClock clock;
  LMSMAIL_ASSIGN_OR_RETURN(const auto callers, config.auth.ToDirectory(clock));
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto metrics_listener,
      service::MetricsListener::Start(config.ToMetricsListener(callers.get()), metrics));
  std::atomic<bool> ready = true;
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<service::Peer> watched, PeersOf(config));
  service::PeerWatch peers(std::move(watched), kPeerInterval, metrics);
  LMSMAIL_ASSIGN_OR_RETURN(const auto public_listener, PublicListener::Start(config, metrics));
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto admin_listener,
      AdminListener::Start(config, callers.get(),
                           {.is_ready = [&ready] { return ready.load(); },
                            .missing_peers = [&peers] { return peers.Missing(); }},
                           metrics));
  telemetry::LogInfo("listening", {{"host", config.listen.host},
                                   {"port", public_listener->port()},
                                   {"admin_port", admin_listener->port()},
                                   {"metrics_port", metrics_listener->port()}});

  const int signal = lifecycle::WaitForShutdownSignal();
  telemetry::LogInfo("stopping", {{"signal", signal}, {"drain_timeout", config.drain_timeout}});
  watchdog.emplace(config.drain_timeout + service::kShutdownGrace);
  const absl::Time drained = absl::Now() + config.drain_timeout;
  ready = false;
  peers.Stop();
  public_listener->Shutdown(config.drain_timeout);
  // Last, because it tells that the gateway is stopping.
  admin_listener->Shutdown(std::max(absl::ZeroDuration(), drained - absl::Now()));
  return absl::OkStatus();
}

}  // namespace
}  // namespace lmsmail::gateway

int main(int argc, char** argv) {
  lmsmail::gateway::GatewayConfig config;
  return lmsmail::service::RunProcess(
      argc, argv,
      {.name = "gateway",
       .config = config,
       .declare = [&](lmsmail::config::Schema& schema) { config.Declare(schema); },
       .run = [&](std::string_view version) { return lmsmail::gateway::Run(config, version); }});
}
