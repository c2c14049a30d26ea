#include "libs/service/metrics_listener.h"

#include <utility>

#include "libs/identity/bearer_token.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::service {
namespace {

using http_server::Request;
using http_server::Response;

http_server::Limits Limits() {
  http_server::Limits limits;
  limits.header_bytes = 4096;
  limits.body_bytes = 0;
  limits.connections = 64;
  // For a client to send its request, and to take its answer.
  limits.header_time = absl::Seconds(2);
  limits.write_time = absl::Seconds(10);
  return limits;
}

absl::Status Authorize(const Request& request, identity::CallerDirectory* callers) {
  if (callers == nullptr) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(
      const identity::Caller caller,
      callers->Find({.token = identity::BearerToken(request.headers.Get("Authorization"))}));
  if (caller.May(type::v1::ROLE_VIEWER)) return absl::OkStatus();
  return absl::PermissionDeniedError("reading the metrics needs the role viewer");
}

Response Refusal(const absl::Status& status) {
  Response response = Response::Text(absl::IsUnauthenticated(status) ? 401 : 403,
                                     std::string(status.message()) + "\n");
  if (absl::IsUnauthenticated(status)) response.headers.Set("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsListener>> MetricsListener::Start(
    Options options, const telemetry::Metrics& metrics) {
  std::unique_ptr<MetricsListener> listener(new MetricsListener(options, metrics));
  http_server::Options server{.host = options.listen.host, .port = options.listen.port};
  server.tls = std::move(options.tls);
  server.limits = Limits();
  server.admit = listener->router_.admit();
  LMSMAIL_ASSIGN_OR_RETURN(listener->server_, http_server::Server::Start(
                                                  std::move(server), listener->router_.handler()));
  return listener;
}

MetricsListener::MetricsListener(const Options& options, const telemetry::Metrics& metrics) {
  router_.Add("GET", "/metrics",
              [callers = options.callers, &metrics](const Request& request,
                                                    http_server::Responder responder) {
                if (const absl::Status status = Authorize(request, callers); !status.ok()) {
                  return responder.Send(Refusal(status));
                }
                responder.Send({.headers = {{"Content-Type", "text/plain; version=0.0.4"}},
                                .body = metrics.Serialize()});
              });
}

}  // namespace lmsmail::service
