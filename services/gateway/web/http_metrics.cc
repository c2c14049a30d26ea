#include "services/gateway/web/http_metrics.h"

#include <string_view>
#include <utility>

namespace lmsmail::gateway {

http_server::AccessHook CountRequests(telemetry::Metrics& metrics, std::string listener) {
  return [requests = metrics.AddCounter("lmsmail_http_requests_total",
                                        "HTTP requests by listener, method, route and status; "
                                        "status 0: the connection ended without an answer."),
          seconds = metrics.AddHistogram("lmsmail_http_request_seconds",
                                         "Time from the first octet of an HTTP request to the last "
                                         "of its answer."),
          listener = std::move(listener)](const http_server::AccessRecord& record) {
    const std::string route = record.route.empty() ? "none" : std::string(record.route);
    requests
        .With({{"listener", listener},
               {"method", std::string(record.method)},
               {"route", route},
               {"status", std::to_string(record.status)}})
        .Increment();
    seconds.With({{"listener", listener}, {"route", route}})
        .Observe(absl::ToDoubleSeconds(record.duration));
  };
}

}  // namespace lmsmail::gateway
