#include "services/gateway/web/routes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "services/gateway/web/run_on.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Responder;
using http_server::Response;
using http_server::RouteOptions;

// A form of the page, or the pair of a mail client as multipart.
constexpr std::int64_t kMaxBody = 16 << 10;
// SendGrid sends batches of at most 768 KB, and Mailgun one event.
constexpr std::int64_t kMaxWebhookBody = 2 << 20;

}  // namespace

void AddLinkRoutes(LinkHandlers& handlers, rpc::Executor& executor, http_server::Router& router) {
  const RouteOptions form{.body_bytes = kMaxBody};
  const auto add = [&](std::string method, std::string_view pattern,
                       std::function<Response(const Request&)> handle) {
    router.Add(std::move(method), pattern, RunOn(executor, std::move(handle)), form);
  };
  for (const auto& [kind, path] : {std::pair{LinkKind::kUnsubscribe, std::string("/u/{token}")},
                                   std::pair{LinkKind::kPreferences, std::string("/p/{token}")}}) {
    add("GET", path, [&handlers, kind = kind](const Request& request) {
      return handlers.ShowPage(kind, request);
    });
    add("POST", path + "/preferences", [&handlers, kind = kind](const Request& request) {
      return handlers.Change(kind, request);
    });
  }
  add("POST", "/u/{token}",
      [&handlers](const Request& request) { return handlers.OneClick(request); });
}

void AddWebhookRoutes(WebhookHandlers& handlers, rpc::Executor& executor,
                      http_server::Router& router) {
  const auto add = [&](std::string_view pattern, std::function<Response(const Request&)> handle) {
    router.Add("POST", pattern, RunOn(executor, std::move(handle)),
               {.body_bytes = kMaxWebhookBody});
    // Providers probe an address before they save it.
    router.Add("HEAD", pattern, [](const Request&, Responder responder) {
      responder.Send(Response::Text(200, ""));
    });
  };
  if (handlers.has_sendgrid()) {
    add("/webhooks/sendgrid/{name}",
        [&handlers](const Request& request) { return handlers.Sendgrid(request); });
  }
  if (handlers.has_mailgun()) {
    add("/webhooks/mailgun/{name}",
        [&handlers](const Request& request) { return handlers.Mailgun(request); });
  }
}

void AddInboxRoutes(const InboxHandlers& handlers, rpc::Executor& executor,
                    http_server::Router& router) {
  const auto add = [&](std::string_view pattern, std::function<Response(const Request&)> handle) {
    router.Add("GET", pattern, RunOn(executor, std::move(handle)));
  };
  add("/inbox", [&handlers](const Request& request) { return handlers.List(request); });
  add("/inbox/{number}", [&handlers](const Request& request) { return handlers.Show(request); });
  add("/inbox/{number}/html",
      [&handlers](const Request& request) { return handlers.Html(request); });
}

void AddHealthRoutes(HealthSource health, http_server::Router& router) {
  router.Add("GET", "/healthz", [](const Request&, Responder responder) {
    responder.Send(Response::Text(200, "ok\n"));
  });
  router.Add("GET", "/readyz", [health = std::move(health)](const Request&, Responder responder) {
    if (!health.is_ready()) return responder.Send(Response::Text(503, "stopping\n"));
    const std::vector<std::string> missing = health.missing_peers();
    responder.Send(Response::Text(
        200,
        missing.empty() ? "ok\n" : fmt::format("ok\ndegraded: {}\n", fmt::join(missing, ", "))));
  });
}

}  // namespace lmsmail::gateway
