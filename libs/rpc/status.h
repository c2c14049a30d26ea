#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

namespace google::rpc {
class Status;
}

// The only conversion between absl::Status and grpc::Status. Errors travel as google.rpc.Status
// with exactly one ErrorInfo, a BadRequest for violations of fields, and a RetryInfo for
// UNAVAILABLE and RESOURCE_EXHAUSTED (https://google.aip.dev/193).
namespace lmsmail::rpc {

struct ErrorContext {
  std::string_view service;         // "template": ErrorInfo's domain is "template.lmsmail"
  std::string_view correlation_id;  // finds the call of a caller's report in the log
};

// True for codes that mean a bug or data loss of the server. Their text may hold internals that
// callers must not see.
bool IsServerError(absl::StatusCode code);

// A server error becomes "internal error" with ErrorInfo metadata "correlation_id"; the caller of
// this function logs the text under that id (ServerCall does). The result is shortened to fit into
// the 8 KiB of trailers that gRPC clients accept by default; its message tells how many violations
// are left out.
grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context);

// `status` as the result of one item of a batch, in `out`. It is shortened like the above, but to
// about 2 KB, so that the answer for a thousand refused items fits into the 4 MB that clients
// accept by default.
void ToItemStatus(const absl::Status& status, google::rpc::Status& out);

// Restores code, message, violations (ViolationsOf) and reason (ReasonOf).
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace lmsmail::rpc
