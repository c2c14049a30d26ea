#include "services/gateway/web/run_on.h"

#include <memory>
#include <utility>

namespace lmsmail::gateway {

using http_server::Request;
using http_server::Responder;
using http_server::Response;

http_server::Handler RunOn(rpc::Executor& executor,
                           std::function<Response(const Request&)> handle) {
  return [&executor, handle = std::move(handle)](Request request, Responder responder) {
    // Shared, because a refused task takes its captures with it.
    const auto kept = std::make_shared<Responder>(std::move(responder));
    const bool accepted = executor.TrySubmit(
        [handle, kept, request = std::move(request)] { kept->Send(handle(request)); });
    if (accepted) return;
    Response response =
        Response::Text(503, "Too many requests at a time. Try again in a minute.\n");
    response.headers.Set("Retry-After", "60");
    kept->Send(std::move(response));
  };
}

}  // namespace lmsmail::gateway
