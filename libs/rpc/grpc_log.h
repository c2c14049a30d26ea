#pragma once

namespace lmsmail::rpc {

// Sends what gRPC itself logs (errors only, unless GRPC_VERBOSITY says otherwise) through
// libs/telemetry. Call once, before the first server or channel.
void RouteGrpcLog();

}  // namespace lmsmail::rpc
