#include "services/gateway/admin_listener.h"

#include <utility>

#include "libs/status/status_macros.h"
#include "services/gateway/web/http_metrics.h"
#include "services/gateway/web/routes.h"
#include "services/gateway/web/security_headers.h"

namespace lmsmail::gateway {

absl::StatusOr<std::unique_ptr<AdminListener>> AdminListener::Start(
    const GatewayConfig& config, identity::CallerDirectory* callers, std::function<bool()> is_ready,
    telemetry::Metrics& metrics) {
  LMSMAIL_ASSIGN_OR_RETURN(auto api, JsonApi::Create(config));
  LMSMAIL_ASSIGN_OR_RETURN(LinkProbe probe, LinkProbe::Create());
  LMSMAIL_ASSIGN_OR_RETURN(InboxPages pages, InboxPages::Create());
  std::unique_ptr<AdminListener> listener(
      new AdminListener(config, callers, std::move(api), std::move(probe), std::move(pages)));
  listener->AddRoutes(config, std::move(is_ready));
  http_server::Options options = config.ToAdminServer();
  options.admit =
      listener->browser_guard_.Guard(listener->caller_guard_.Guard(listener->router_.admit()));
  options.headers = SecurityHeaders(listener->pages_.style_sources(),
                                    /*https=*/config.ToAdminServer().tls.has_value());
  options.on_access = CountRequests(metrics, "admin");
  LMSMAIL_ASSIGN_OR_RETURN(
      listener->server_,
      http_server::Server::Start(std::move(options),
                                 listener->browser_guard_.Guard(listener->router_.handler())));
  return listener;
}

AdminListener::AdminListener(const GatewayConfig& config, identity::CallerDirectory* callers,
                             std::unique_ptr<JsonApi> api, LinkProbe probe, InboxPages pages)
    : api_(std::move(api)),
      inbox_(config.inbox.directory),
      probe_(std::move(probe)),
      pages_(std::move(pages)),
      browser_guard_(config.ToBrowserGuard()),
      caller_guard_(callers) {}

void AdminListener::AddRoutes(const GatewayConfig& config, std::function<bool()> is_ready) {
  AddHealthRoutes(std::move(is_ready), router_);
  api_->AddRoutes(router_);
  if (!config.inbox.directory.empty()) {
    AddInboxRoutes(inbox_handlers_, inbox_executor_, router_);
  }
}

void AdminListener::Shutdown(absl::Duration grace) {
  server_->Shutdown(grace);
  inbox_executor_.Stop();
  api_->Stop();
}

}  // namespace lmsmail::gateway
