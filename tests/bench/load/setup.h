#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"

namespace lmsmail::bench {

// Installs the built-in templates and registers `recipients` students and the probes.
absl::Status PrepareServices(const std::shared_ptr<grpc::Channel>& templates,
                             const std::shared_ptr<grpc::Channel>& preferences,
                             std::int64_t recipients);

}  // namespace lmsmail::bench
