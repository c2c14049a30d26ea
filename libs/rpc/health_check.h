#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace lmsmail::rpc {

// Asks grpc.health.v1.Health/Check; `service` is empty for the server as a whole. NOT_FOUND for a
// service the server doesn't know.
absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service);

}  // namespace lmsmail::rpc
