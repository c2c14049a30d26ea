#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::rpc {

// Calls grpc.health.v1.Health/Check. `service` is empty for the whole server. NOT_FOUND for a
// service that the server does not host.
absl::StatusOr<bool> IsServing(const std::shared_ptr<grpc::Channel>& channel,
                               const std::string& service,
                               absl::Duration timeout = absl::Seconds(10));

}  // namespace lmsmail::rpc
