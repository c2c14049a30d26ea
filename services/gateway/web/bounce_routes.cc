#include "services/gateway/web/bounce_routes.h"

#include <cstdint>

#include "services/gateway/web/run_on.h"

namespace lmsmail::gateway {
namespace {

// lmsmail-bounce sends a part of this.
constexpr std::int64_t kMaxReport = 1 << 20;

}  // namespace

void AddBounceRoutes(BounceHandler& handler, rpc::Executor& executor, http_server::Router& router) {
  router.Add(
      "POST", "/bounces",
      RunOn(executor, [&handler](const http_server::Request& request) { return handler(request); }),
      {.body_bytes = kMaxReport});
}

}  // namespace lmsmail::gateway
