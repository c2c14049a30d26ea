#include <algorithm>
#include <atomic>
#include <optional>
#include <string>
#include <string_view>

#include "absl/time/clock.h"

#include "libs/lifecycle/shutdown_signal.h"
#include "libs/service/process.h"
#include "libs/service/shutdown_watchdog.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/admin_listener.h"
#include "services/gateway/config.h"
#include "services/gateway/public_listener.h"

namespace lmsmail::gateway {
namespace {

absl::Status Run(const GatewayConfig& config, std::string_view version) {
  std::optional<service::ShutdownWatchdog> watchdog;  // first, so that it is destroyed last
  telemetry::Metrics metrics({.service = "gateway", .version = std::string(version)});
  const SystemClock clock;
  LMSMAIL_ASSIGN_OR_RETURN(const auto callers, config.auth.ToDirectory(clock));
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto metrics_listener,
      service::MetricsListener::Start(config.ToMetricsListener(callers.get()), metrics));
  std::atomic<bool> ready = true;
  LMSMAIL_ASSIGN_OR_RETURN(const auto public_listener, PublicListener::Start(config, metrics));
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto admin_listener,
      AdminListener::Start(config, callers.get(), [&ready] { return ready.load(); }, metrics));
  telemetry::LogInfo("listening", {{"host", config.listen.host},
                                   {"port", public_listener->port()},
                                   {"admin_port", admin_listener->port()},
                                   {"metrics_port", metrics_listener->port()}});

  const int signal = lifecycle::WaitForShutdownSignal();
  telemetry::LogInfo("stopping", {{"signal", signal}, {"drain_timeout", config.drain_timeout}});
  watchdog.emplace(config.drain_timeout + service::kShutdownGrace);
  const absl::Time drained = absl::Now() + config.drain_timeout;
  ready = false;
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
