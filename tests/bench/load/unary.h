#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

// Single Sends by `callers` callers. Each is answered after its COMMIT.
absl::StatusOr<Report> SendOneByOne(const Channels& channels, const std::string& run,
                                    std::int64_t count, int callers, std::int64_t recipients);

// The same with ListTransports, which takes the same way through the server (admission, deadline,
// executor, metrics) and then does nothing: what a call costs before anything is stored.
absl::StatusOr<Report> Echo(const Channels& channels, std::int64_t count, int callers);

// Receipts to probes at a steady rate. Writes "<begun> <answered> <Message-ID>" for each to
// the file at `path`: when Send was called.
absl::Status SendProbes(const Channels& channels, const std::string& run, std::int64_t count,
                        absl::Duration interval, const std::string& path);

}  // namespace lmsmail::bench
