#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

// Sends `mails` mails through one SendBulk stream for each of `channels`, all at the same time.
// Returns when all are accepted, which is after their COMMIT.
absl::StatusOr<Report> SendBulk(const std::vector<std::shared_ptr<grpc::Channel>>& channels,
                                const std::string& run, std::int64_t mails,
                                std::int64_t recipients);

// Stops the lanes that this program sends through, bulk and transactional, or lets them go.
absl::Status SetPaused(const std::shared_ptr<grpc::Channel>& channel, bool paused);

}  // namespace lmsmail::bench
