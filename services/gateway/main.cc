#include <algorithm>
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
#include "services/gateway/bounces/report_intake.h"
#include "services/gateway/clients/dispatch_client.h"
#include "services/gateway/clients/preference_client.h"
#include "services/gateway/config.h"
#include "services/gateway/inbox/link_probe.h"
#include "services/gateway/inbox/mail_files.h"
#include "services/gateway/json_api.h"
#include "services/gateway/pages/inbox_pages.h"
#include "services/gateway/pages/pages.h"
#include "services/gateway/web/bounce_handler.h"
#include "services/gateway/web/bounce_routes.h"
#include "services/gateway/web/browser_guard.h"
#include "services/gateway/web/http_metrics.h"
#include "services/gateway/web/inbox_handlers.h"
#include "services/gateway/web/link_handlers.h"
#include "services/gateway/web/routes.h"
#include "services/gateway/web/security_headers.h"
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

// The admin listener, which answers nobody but operators.
absl::StatusOr<std::unique_ptr<http_server::Server>> StartAdmin(const GatewayConfig& config,
                                                                const BrowserGuard& guard,
                                                                telemetry::Metrics& metrics,
                                                                const http_server::Router& router) {
  http_server::Options options = config.ToAdminServer();
  options.admit = guard.Guard(router.admit());
  options.on_access = CountRequests(metrics, "admin");
  return http_server::Server::Start(std::move(options), guard.Guard(router.handler()));
}

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

  const std::optional<return_path::ReturnPaths> return_paths = config.ToReturnPaths();
  std::optional<ReportIntake> intake;
  std::optional<BounceHandler> bounces;
  rpc::Executor bounce_executor(config.ToBounceExecutor());

  http_server::Router public_router;
  if (return_paths) {
    intake.emplace(*return_paths, clock, dispatch);
    bounces.emplace(*intake, metrics);
    AddBounceRoutes(*bounces, bounce_executor, public_router);
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
  LMSMAIL_ASSIGN_OR_RETURN(const LinkProbe probe, LinkProbe::Create());
  LMSMAIL_ASSIGN_OR_RETURN(const InboxPages inbox_pages, InboxPages::Create());
  const MailFiles inbox(config.inbox.directory);
  const InboxHandlers inbox_handlers(inbox, probe, inbox_pages);
  rpc::Executor inbox_executor({.threads = 2, .queue = 16});
  if (!config.inbox.directory.empty()) {
    AddInboxRoutes(inbox_handlers, inbox_executor, admin_router);
  }
  LMSMAIL_ASSIGN_OR_RETURN(const auto api, JsonApi::Create(config));
  api->AddRoutes(admin_router);
  const BrowserGuard guard(config.ToBrowserGuard());
  LMSMAIL_ASSIGN_OR_RETURN(const auto admin_server,
                           StartAdmin(config, guard, metrics, admin_router));
  telemetry::LogInfo("listening", {{"host", config.listen.host},
                                   {"port", public_server->port()},
                                   {"admin_port", admin_server->port()},
                                   {"metrics_port", exposer->port()}});

  const int signal = lifecycle::WaitForShutdownSignal();
  telemetry::LogInfo("stopping", {{"signal", signal}, {"drain_timeout", config.drain_timeout}});
  watchdog.emplace(config.drain_timeout + service::kShutdownGrace);
  const absl::Time drained = absl::Now() + config.drain_timeout;
  ready = false;
  public_server->Shutdown(config.drain_timeout);
  executor.Stop();
  webhook_executor.Stop();
  bounce_executor.Stop();
  // Last, because it tells that the gateway is stopping.
  admin_server->Shutdown(std::max(absl::ZeroDuration(), drained - absl::Now()));
  inbox_executor.Stop();
  api->Stop();
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
