#include "services/gateway/web/browser_guard.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"

#include "libs/loopback/loopback.h"
#include "libs/strings/view.h"
#include "services/gateway/web/health_check.h"

namespace lmsmail::gateway {
namespace {

using http_server::Request;
using http_server::Response;

constexpr char kOrigin[] = "Origin";
constexpr char kAllowOrigin[] = "Access-Control-Allow-Origin";

// Whether nothing changes by the request, whatever its answer is.
bool IsSafe(const Request& request) {
  return request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
}

// "[::1]:8081" is "[::1]".
std::string WithoutPort(std::string_view host) {
  const std::size_t bracket = host.rfind(']');
  const std::size_t colon = host.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  return absl::AsciiStrToLower(ToAbsl(has_port ? host.substr(0, colon) : host));
}

bool IsSameOrigin(const Request& request) {
  const std::string joined = request.headers.Joined(kOrigin);
  absl::string_view origin = joined;
  if (!absl::ConsumePrefix(&origin, "http://") && !absl::ConsumePrefix(&origin, "https://")) {
    return false;
  }
  return absl::EqualsIgnoreCase(origin, ToAbsl(request.headers.Get("Host")));
}

Response Forbidden(std::string text) { return Response::Text(403, std::move(text) + "\n"); }

// What allows a page of the request's origin to read the answer.
void AllowOrigin(std::string origin, Response& response) {
  response.headers.Set(kAllowOrigin, std::move(origin));
  response.headers.Set("Access-Control-Expose-Headers", "Trailer-X-Request-Id");
  response.headers.Add("Vary", kOrigin);
}

// The answer to a browser that asks before it sends a request for a page.
Response Preflight(std::string origin) {
  Response response{.status = 204};
  AllowOrigin(std::move(origin), response);
  response.headers.Set("Access-Control-Allow-Methods", "GET, POST");
  response.headers.Set(
      "Access-Control-Allow-Headers",
      "Authorization, Content-Type, Connect-Protocol-Version, Connect-Timeout-Ms, X-Request-Id, "
      "Traceparent");
  response.headers.Set("Access-Control-Max-Age", "7200");
  return response;
}

// Adds CORS fields to the answer.
class AllowingSink final : public http_server::ResponseSink {
 public:
  AllowingSink(std::string origin, http_server::Responder responder)
      : origin_(std::move(origin)), responder_(std::move(responder)) {}

  void Send(Response response) override {
    AllowOrigin(origin_, response);
    responder_.Send(std::move(response));
  }
  void Cut() override { responder_.Cut(); }
  void SetRoute(std::string_view pattern) override { responder_.SetRoute(pattern); }

 private:
  const std::string origin_;
  http_server::Responder responder_;
};

}  // namespace

bool IsOrigin(const std::string& text) {
  absl::string_view host = ToAbsl(text);
  if (!absl::ConsumePrefix(&host, "http://") && !absl::ConsumePrefix(&host, "https://")) {
    return false;
  }
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return absl::ascii_islower(static_cast<unsigned char>(c)) ||
           absl::ascii_isdigit(static_cast<unsigned char>(c)) ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  });
}

bool BrowserGuard::IsOwnHost(const std::string& host) const {
  return IsLoopbackHost(host) || std::ranges::find(options_.hosts, host) != options_.hosts.end();
}

bool BrowserGuard::IsAllowedOrigin(const Request& request) const {
  return std::ranges::find(options_.origins, request.headers.Joined(kOrigin)) !=
         options_.origins.end();
}

std::string BrowserGuard::Refusal(const Request& request) const {
  if (IsHealthCheck(request)) return {};
  const std::string host = WithoutPort(request.headers.Get("Host"));
  if (!IsOwnHost(host)) {
    return fmt::format(
        "The host \"{}\" is not one of this listener: use 127.0.0.1 or localhost, or add it to "
        "admin.hosts.",
        host);
  }
  if (IsSafe(request) || IsAllowedOrigin(request)) return {};
  const std::string site = request.headers.Joined("Sec-Fetch-Site");
  const bool foreign_origin = request.headers.Has(kOrigin) && !IsSameOrigin(request);
  const bool foreign_site = !site.empty() && site != "same-origin" && site != "none";
  if (!foreign_origin && !foreign_site) return {};
  return "The request comes from a page of another origin: add its origin to admin.origins.";
}

http_server::Admit BrowserGuard::Guard(http_server::Admit admit) const {
  return [this, admit = std::move(admit)](const Request& request) -> http_server::Admission {
    if (std::string refusal = Refusal(request); !refusal.empty()) {
      return {.refusal = Forbidden(std::move(refusal))};
    }
    if (request.method == "OPTIONS" && IsAllowedOrigin(request)) {
      return {.refusal = Preflight(request.headers.Joined(kOrigin))};
    }
    http_server::Admission admission = admit(request);
    if (admission.refusal && IsAllowedOrigin(request)) {
      AllowOrigin(request.headers.Joined(kOrigin), *admission.refusal);
    }
    return admission;
  };
}

http_server::Handler BrowserGuard::Guard(http_server::Handler handler) const {
  return [this, handler = std::move(handler)](Request request, http_server::Responder responder) {
    if (!IsAllowedOrigin(request)) return handler(std::move(request), std::move(responder));
    auto sink =
        std::make_shared<AllowingSink>(request.headers.Joined(kOrigin), std::move(responder));
    handler(std::move(request), http_server::Responder(std::move(sink)));
  };
}

}  // namespace lmsmail::gateway
