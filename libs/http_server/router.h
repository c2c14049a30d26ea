#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/http_server/options.h"
#include "libs/http_server/responder.h"

namespace lmsmail::http_server {

struct RouteOptions {
  std::optional<int64_t> body_bytes = std::nullopt;  // instead of Limits::body_bytes
};

// Chooses a handler by method and path. Add all routes before the server starts; afterwards it may
// be used on any thread.
//
//   Router router;
//   router.Add("GET", "/u/{token}", ShowPage);
//   router.Add("POST", "/webhooks/sendgrid", Receive, {.body_bytes = 10 << 20});
//   Server::Start({.admit = router.admit()}, router.handler());
//
// An unknown path is 404, another method of a known path 405 with Allow. GET also answers HEAD, and
// OPTIONS lists the methods unless a route has it.
class Router {
 public:
  // A pattern is a path whose segments may be parameters: "/u/{token}". The last segment may take
  // the rest of the path, which is not empty: "/assets/{file...}". Of two patterns that match, the
  // one that was added first wins.
  void Add(std::string method, std::string_view pattern, Handler handler,
           RouteOptions options = {});

  // Refuses 404 and 405 before the body is read, and applies the limits of the routes. Both refer
  // to this router, which must outlive the server.
  Admit admit() const;
  Handler handler() const;

 private:
  struct Route {
    std::string method;
    std::string pattern;
    std::vector<std::string> segments;
    Handler handler;
    RouteOptions options;
  };
  struct Match {
    const Route* route = nullptr;
    std::vector<std::pair<std::string, std::string>> parameters;
    std::string allow;  // the methods of the path, if the route is null
  };

  Match Find(std::string_view method, std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace lmsmail::http_server
