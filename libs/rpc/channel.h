#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

#include "libs/rpc/tls.h"

namespace lmsmail::rpc {

struct ChannelOptions {
  // gRPC name syntax: "127.0.0.1:7101", or "dns:///template:7101" for a headless service, whose
  // every address then gets its share of the calls.
  std::string target = {};
  std::optional<TlsFiles> tls = std::nullopt;
  int max_receive_bytes = 16 << 20;
  int max_send_bytes = 4 << 20;
};

// One channel per peer is enough, and is to be shared. Calls that end UNAVAILABLE are repeated up
// to four times within their deadline, no others: our mutating methods carry request ids or etags,
// so a repeat does no harm. Connects lazily; never fails because the peer is away.
absl::StatusOr<std::shared_ptr<grpc::Channel>> NewChannel(const ChannelOptions& options);

}  // namespace lmsmail::rpc
