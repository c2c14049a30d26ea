#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

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
// this function logs the text under that id (ServerCall does). The result is truncated to fit into
// the 8 KiB of trailers that gRPC clients accept by default.
grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context);

// Restores code, message, violations (ViolationsOf) and reason (ReasonOf).
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace lmsmail::rpc
