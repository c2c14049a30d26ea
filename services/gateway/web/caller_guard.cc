#include "services/gateway/web/caller_guard.h"

#include <google/rpc/status.pb.h>

#include <utility>

#include "libs/identity/bearer_token.h"
#include "services/gateway/connect/error.h"
#include "services/gateway/web/health_check.h"

namespace lmsmail::gateway {
namespace {

// As the protocol of the JSON API has it.
http_server::Response Unauthenticated(const absl::Status& status) {
  google::rpc::Status error;
  error.set_code(static_cast<int>(status.code()));
  error.set_message(std::string(status.message()));
  http_server::Response response =
      http_server::Response::Json(HttpStatusOf(error.code()), ErrorJson(error));
  response.headers.Set("WWW-Authenticate", "Bearer");
  return response;
}

}  // namespace

http_server::Admit CallerGuard::Guard(http_server::Admit admit) const {
  if (callers_ == nullptr) return admit;
  return [this,
          admit = std::move(admit)](const http_server::Request& request) -> http_server::Admission {
    if (IsHealthCheck(request)) return admit(request);
    const absl::Status caller =
        callers_->Find({.token = identity::BearerToken(request.headers.Get("Authorization"))})
            .status();
    if (!caller.ok()) return {.refusal = Unauthenticated(caller)};
    return admit(request);
  };
}

}  // namespace lmsmail::gateway
