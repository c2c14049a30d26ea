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
  // addresses then share the calls.
  std::string target = {};
  std::optional<TlsFiles> tls = std::nullopt;
  int max_receive_bytes = 16 << 20;
  int max_send_bytes = 4 << 20;
  // For calls that others make by way of this process: they decide themselves whether to repeat a
  // call, and prove themselves who they are, so that the channel has neither the certificate nor
  // the name of this process. It has a connection of its own.
  bool on_behalf_of_others = false;
};

// Share one channel per peer. Only calls that end with UNAVAILABLE are retried, up to four attempts
// within their deadline; mutating methods carry request ids or etags, so that a retry is safe.
// Connects lazily and does not fail because the peer is down.
absl::StatusOr<std::shared_ptr<grpc::Channel>> NewChannel(const ChannelOptions& options);

}  // namespace lmsmail::rpc
