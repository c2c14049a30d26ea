#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/http_server/router.h"
#include "libs/http_server/server.h"
#include "libs/rpc/executor.h"
#include "libs/telemetry/metrics.h"
#include "services/gateway/config.h"
#include "services/gateway/inbox/link_probe.h"
#include "services/gateway/inbox/mail_files.h"
#include "services/gateway/json_api.h"
#include "services/gateway/pages/inbox_pages.h"
#include "services/gateway/web/browser_guard.h"
#include "services/gateway/web/caller_guard.h"
#include "services/gateway/web/inbox_handlers.h"

namespace lmsmail::gateway {

// The listener for operators, wired: the JSON API, health, and the inbox of a development machine.
class AdminListener {
 public:
  // `callers` may use it; null: everybody may. `is_ready` is called on io threads. The
  // configuration, the callers and the metrics must outlive this.
  static absl::StatusOr<std::unique_ptr<AdminListener>> Start(const GatewayConfig& config,
                                                              identity::CallerDirectory* callers,
                                                              std::function<bool()> is_ready,
                                                              telemetry::Metrics& metrics);

  std::uint16_t port() const { return server_->port(); }
  // Lets the requests in flight finish for at most `grace`. Call it once.
  void Shutdown(absl::Duration grace);

 private:
  AdminListener(const GatewayConfig& config, identity::CallerDirectory* callers,
                std::unique_ptr<JsonApi> api, LinkProbe probe, InboxPages pages);
  void AddRoutes(const GatewayConfig& config, std::function<bool()> is_ready);

  const std::unique_ptr<JsonApi> api_;
  const MailFiles inbox_;
  const LinkProbe probe_;
  const InboxPages pages_;
  const InboxHandlers inbox_handlers_{inbox_, probe_, pages_};
  rpc::Executor inbox_executor_{{.threads = 2, .queue = 16}};
  const BrowserGuard browser_guard_;
  const CallerGuard caller_guard_;
  http_server::Router router_;
  std::unique_ptr<http_server::Server> server_;  // last, because it calls the others
};

}  // namespace lmsmail::gateway
