#pragma once

#include <memory>

#include "absl/status/statusor.h"

#include "libs/http_server/router.h"
#include "libs/rpc/executor.h"
#include "services/gateway/clients/generic_client.h"
#include "services/gateway/config.h"
#include "services/gateway/connect/method.h"
#include "services/gateway/web/connect_handlers.h"

namespace lmsmail::gateway {

// The JSON API of all services, wired: catalog, channels, threads and routes.
class JsonApi {
 public:
  static absl::StatusOr<std::unique_ptr<JsonApi>> Create(const GatewayConfig& config);

  // Adds the routes of the methods and of the OpenAPI document. This object must outlive the
  // router's server.
  void AddRoutes(http_server::Router& router);

  // Cancels the open calls and ends the threads. Requests that arrive later are refused.
  void Stop();

 private:
  JsonApi(MethodCatalog catalog, const GenericClient::Channels& channels,
          const GatewayConfig& config);

  const std::int64_t max_stream_size_;
  const MethodCatalog catalog_;
  rpc::Executor executor_;
  rpc::Executor stream_executor_;
  GenericClient client_;
  ConnectHandlers handlers_;
};

}  // namespace lmsmail::gateway
