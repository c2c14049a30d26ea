#pragma once

#include <grpcpp/channel.h>

#include <cstdint>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

// Calls Send `count` times from `callers` concurrent callers. Each call is answered after its
// COMMIT.
absl::StatusOr<Report> CallSend(const std::shared_ptr<grpc::Channel>& channel,
                                const std::string& run, std::int64_t count, int callers,
                                std::int64_t recipients);

// Does the same with ListTransports, which passes through the same parts of the server (admission,
// deadline, executor, metrics) and then does nothing. This is the cost of a call before anything
// is stored.
absl::StatusOr<Report> CallNoOp(const std::shared_ptr<grpc::Channel>& channel, std::int64_t count,
                                int callers);

// Sends receipts to probes at a constant rate. Writes the line "<called> <answered> <Message-ID>"
// for each of them to the file at `path`; times are in microseconds since 1970.
absl::Status SendProbes(const std::shared_ptr<grpc::Channel>& channel, const std::string& run,
                        std::int64_t count, absl::Duration interval, const std::string& path);

}  // namespace lmsmail::bench
