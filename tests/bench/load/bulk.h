#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

// Sends `mails` mails through one SendBulk stream. Returns when all are accepted, which is after
// their COMMIT.
absl::StatusOr<Report> SendBulk(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& run, std::int64_t mails,
                                std::int64_t recipients);

// Pauses or resumes the lanes that this program sends through: bulk and transactional.
absl::Status SetPaused(const std::shared_ptr<grpc::Channel>& channel, bool paused);

}  // namespace lmsmail::bench
