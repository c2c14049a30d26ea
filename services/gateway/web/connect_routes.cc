#include "services/gateway/web/connect_routes.h"

#include <fmt/format.h>

#include <set>
#include <utility>

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Responder;
using http_server::Response;

// The services accept requests of 4 MB, which are longer in JSON.
constexpr std::int64_t kMaxBody = 8 << 20;

}  // namespace

void AddConnectRoutes(ConnectHandlers& handlers, std::int64_t max_stream_bytes,
                      http_server::Router& router) {
  const auto call = [&handlers](Request request, Responder responder) {
    handlers.Call(std::move(request), std::move(responder));
  };
  std::set<std::string> services;
  for (const Method& method : handlers.catalog().methods()) {
    services.insert(method.service);
    if (!method.client_streaming) continue;
    router.Add("POST", fmt::format("/{}/{}", method.service, method.name), call,
               {.body_bytes = max_stream_bytes});
  }
  // One route for all others, also unknown ones, bounds the labels of metrics.
  for (const std::string& service : services) {
    router.Add("POST", fmt::format("/{}/{{method}}", service), call, {.body_bytes = kMaxBody});
  }
}

void AddOpenApiRoute(std::string document, http_server::Router& router) {
  router.Add("GET", "/openapi.json",
             [document = std::move(document)](const Request&, Responder responder) {
               responder.Send(Response::Json(200, document));
             });
}

}  // namespace lmsmail::gateway
