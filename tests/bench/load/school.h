#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>

#include "absl/status/status.h"

namespace lmsmail::bench {

// Installs the shipped templates and registers `recipients` students and the probes.
absl::Status PrepareSchool(const std::shared_ptr<grpc::Channel>& templates,
                           const std::shared_ptr<grpc::Channel>& preferences,
                           std::int64_t recipients);

}  // namespace lmsmail::bench
