#pragma once

#include "libs/http_server/router.h"
#include "libs/rpc/executor.h"
#include "services/gateway/web/bounce_handler.h"

namespace lmsmail::gateway {

// Adds POST /bounces?recipient=ADDRESS. The arguments must outlive the server of the router.
void AddBounceRoutes(BounceHandler& handler, rpc::Executor& executor, http_server::Router& router);

}  // namespace lmsmail::gateway
