#pragma once

#include <string>
#include <vector>

#include "libs/http_server/options.h"
#include "libs/http_server/responder.h"

namespace lmsmail::gateway {

// Keeps web pages of other sites, which an operator's browser may show, from using a listener
// without authentication:
//
// - Host must name the listener. Else a page could point its own domain to this address (DNS
//   rebinding), and the browser would take the answers for its own.
// - A request that may change something must not come from a page of another origin, by Origin and
//   Sec-Fetch-Site, which browsers set and pages cannot.
// - Pages of `origins` may do everything (CORS).
//
// Health checks are exempt, because a probe names the address of a container.
class BrowserGuard {
 public:
  struct Options {
    std::vector<std::string> hosts;    // besides names of this machine: "mail.school.example"
    std::vector<std::string> origins;  // "https://console.school.example"
  };
  explicit BrowserGuard(Options options) : options_(std::move(options)) {}

  // `admit` and `handler` with these rules before them. The results refer to this object.
  http_server::Admit Guard(http_server::Admit admit) const;
  http_server::Handler Guard(http_server::Handler handler) const;

 private:
  bool IsOwnHost(const std::string& host) const;
  bool IsAllowedOrigin(const http_server::Request& request) const;
  // Why the request is refused; empty if it is not.
  std::string Refusal(const http_server::Request& request) const;

  const Options options_;
};

// Whether it is an origin as browsers write it: scheme, host and, unless it is the scheme's own,
// port, in lower case, without a path.
bool IsOrigin(const std::string& text);

}  // namespace lmsmail::gateway
