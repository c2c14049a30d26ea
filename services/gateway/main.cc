#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/time/clock.h"

#include "libs/clock/clock.h"
#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/lifecycle/shutdown_signal.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/executor.h"
#include "libs/service/process.h"
#include "libs/service/shutdown_watchdog.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/exposer.h"
#include "libs/telemetry/logging.h"
#include "libs/telemetry/metrics.h"
#include "lmsmail/dispatch/v1/dispatch_service.grpc.pb.h"
#include "lmsmail/preference/v1/preference_service.grpc.pb.h"
#include "services/gateway/clients/dispatch_client.h"
#include "services/gateway/clients/preference_client.h"
#include "services/gateway/config.h"
#include "services/gateway/pages/pages.h"
#include "services/gateway/web/http_metrics.h"
#include "services/gateway/web/link_handlers.h"
#include "services/gateway/web/routes.h"
#include "services/gateway/web/security_headers.h"
#include "services/gateway/web/tracking_handlers.h"
#include "services/gateway/web/webhook_handlers.h"
#include "services/gateway/webhooks/mailgun_signatures.h"
#include "services/gateway/webhooks/sendgrid_keys.h"

namespace lmsmail::gateway {
namespace {

using lmsmail::dispatch::v1::DispatchService;
using lmsmail::preference::v1::PreferenceService;

absl::StatusOr<std::unique_ptr<http_server::Server>> Start(http_server::Options options,
                                                           const http_server::Router& router) {
  options.admit = router.admit();
  return http_server::Server::Start(std::move(options), router.handler());
}

// One gathers events or is answered while the other is recorded.
constexpr int kTrackingBatches = 2;

// The pixels and links of mail.
struct Tracking {
  Tracking(tracking::Links given_links, EventLog& log, const Pages& pages, const Clock& clock,
           telemetry::Metrics& metrics)
      : links(std::move(given_links)),
        events(log, clock, metrics, kTrackingBatches, {}),
        handlers(links, events, pages, clock, metrics) {}

  const tracking::Links links;
  EventBatchers events;
  TrackingHandlers handlers;
};

absl::Status Run(const GatewayConfig& config, std::string_view version) {
  std::optional<service::ShutdownWatchdog> watchdog;  // first, so that it is destroyed last
  telemetry::Metrics metrics({.service = "gateway", .version = std::string(version)});
  LMSMAIL_ASSIGN_OR_RETURN(const auto exposer,
                           telemetry::Exposer::Start(config.metrics_listen.ToString(), metrics));

  LMSMAIL_ASSIGN_OR_RETURN(const Pages pages, Pages::Create(config.ToSite()));
  LMSMAIL_ASSIGN_OR_RETURN(const auto channel, rpc::NewChannel(config.preference.Channel()));
  PreferenceClient preferences(PreferenceService::NewStub(channel), config.preference.timeout);
  LinkHandlers links(preferences, pages);
  rpc::Executor executor(config.ToExecutor());

  LMSMAIL_ASSIGN_OR_RETURN(const auto dispatch_channel, rpc::NewChannel(config.dispatch.Channel()));
  DispatchClient dispatch(DispatchService::NewStub(dispatch_channel), config.dispatch.timeout);
  const SystemClock clock;
  const std::optional<SendgridKeys> sendgrid = config.ToSendgridKeys();
  std::optional<MailgunSignatures> mailgun;
  if (const std::string& key = config.webhooks.mailgun.signing_key; !key.empty()) {
    mailgun.emplace(key, clock);
  }
  WebhookHandlers webhooks(sendgrid ? &*sendgrid : nullptr, mailgun ? &*mailgun : nullptr, dispatch,
                           metrics);
  rpc::Executor webhook_executor(config.ToWebhookExecutor());

  std::optional<Tracking> tracking;
  http_server::Router public_router;
  if (auto keys = config.ToTrackingLinks()) {
    tracking.emplace(*std::move(keys), dispatch, pages, clock, metrics);
    AddTrackingRoutes(tracking->handlers, public_router);
    tracking->events.Start();
  }
  AddLinkRoutes(links, executor, public_router);
  AddWebhookRoutes(webhooks, webhook_executor, public_router);
  http_server::Options public_options = config.ToPublicServer();
  public_options.headers = SecurityHeaders(pages.style_source(), config.IsHttps());
  public_options.on_access = CountRequests(metrics, "public");
  LMSMAIL_ASSIGN_OR_RETURN(const auto public_server,
                           Start(std::move(public_options), public_router));

  std::atomic<bool> ready = true;
  http_server::Router admin_router;
  AddHealthRoutes([&ready] { return ready.load(); }, admin_router);
  LMSMAIL_ASSIGN_OR_RETURN(const auto admin_server, Start(config.ToAdminServer(), admin_router));
  telemetry::LogInfo("listening", {{"host", config.listen.host},
                                   {"port", public_server->port()},
                                   {"admin_port", admin_server->port()},
                                   {"metrics_port", exposer->port()}});

  const int signal = lifecycle::WaitForShutdownSignal();
  telemetry::LogInfo("stopping", {{"signal", signal}, {"drain_timeout", config.drain_timeout}});
  watchdog.emplace(config.drain_timeout + service::kShutdownGrace);
  ready = false;
  public_server->Shutdown(config.drain_timeout);
  if (tracking) tracking->events.Stop();
  executor.Stop();
  webhook_executor.Stop();
  admin_server->Shutdown(absl::ZeroDuration());
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
