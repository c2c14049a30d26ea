#pragma once

#include <cstdint>
#include <string>

#include "libs/http_server/router.h"
#include "services/gateway/web/connect_handlers.h"

namespace lmsmail::gateway {

// Adds POST /<service>/<method> of every method. `max_stream_bytes` limits the body of a stream.
// The handlers must outlive the server of the router.
void AddConnectRoutes(ConnectHandlers& handlers, std::int64_t max_stream_bytes,
                      http_server::Router& router);

// Adds GET /openapi.json, which answers `document`.
void AddOpenApiRoute(std::string document, http_server::Router& router);

}  // namespace lmsmail::gateway
