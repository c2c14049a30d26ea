#pragma once

#include <functional>
#include <string>
#include <vector>

#include "libs/http_server/router.h"
#include "libs/rpc/executor.h"
#include "services/gateway/web/inbox_handlers.h"
#include "services/gateway/web/link_handlers.h"
#include "services/gateway/web/webhook_handlers.h"

namespace lmsmail::gateway {

// Adds the routes of the public listener. Handlers run on `executor`; a request that it refuses is
// answered with 503. The arguments must outlive the server of the router.
void AddLinkRoutes(LinkHandlers& handlers, rpc::Executor& executor, http_server::Router& router);

// Adds /webhooks/{provider}/{name} of each provider that has a key. The name is for the operator's
// logs: whoever has several accounts with a provider gives each its own. As in AddLinkRoutes.
void AddWebhookRoutes(WebhookHandlers& handlers, rpc::Executor& executor,
                      http_server::Router& router);

// Adds /inbox and the pages of its mails to the admin listener. As in AddLinkRoutes.
void AddInboxRoutes(const InboxHandlers& handlers, rpc::Executor& executor,
                    http_server::Router& router);

// How the process is, for /healthz and /readyz. Called on io threads.
struct HealthSource {
  std::function<bool()> is_ready;                           // false while it stops
  std::function<std::vector<std::string>()> missing_peers;  // it is ready without them
};

// Adds /healthz and /readyz of the admin listener: 200 while the process can serve requests. The
// second line of /readyz names the peers that are missing: "degraded: dispatch, preference".
void AddHealthRoutes(HealthSource health, http_server::Router& router);

}  // namespace lmsmail::gateway
