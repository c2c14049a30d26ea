#pragma once

namespace lmsmail::rpc {

// Sends gRPC's own log (errors only, unless GRPC_VERBOSITY is set) through libs/telemetry. Call
// once, before the first server or channel.
void RouteGrpcLog();

}  // namespace lmsmail::rpc
