#pragma once

#include <string_view>

namespace lmsmail::rpc {

// Whether every address of a target in gRPC's name syntax
// (https://grpc.io/docs/guides/custom-name-resolution) is a loopback address or a Unix socket:
// "127.0.0.1:7101", "dns:///localhost:7101", "unix:/run/x", "ipv6:[::1]:7101,[::1]:7102".
bool IsOnThisMachine(std::string_view target);

}  // namespace lmsmail::rpc
