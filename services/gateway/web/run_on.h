#pragma once

#include <functional>

#include "libs/http_server/responder.h"
#include "libs/rpc/executor.h"

namespace lmsmail::gateway {

// A handler that calls `handle`, which may block, on `executor`. A request that the executor
// refuses is answered with 503. The executor must outlive the server.
http_server::Handler RunOn(
    rpc::Executor& executor,
    std::function<http_server::Response(const http_server::Request&)> handle);

}  // namespace lmsmail::gateway
