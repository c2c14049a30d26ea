#pragma once

#include <grpcpp/support/status.h>

#include <string_view>

#include "absl/status/status.h"

// The only crossing between absl::Status and grpc::Status. Errors travel as google.rpc.Status with
// exactly one ErrorInfo, a BadRequest when fields are at fault, and a RetryInfo when waiting helps
// (https://google.aip.dev/193).
namespace lmsmail::rpc {

struct ErrorContext {
  std::string_view service;         // "template": ErrorInfo's domain is "template.lmsmail"
  std::string_view correlation_id;  // lets a caller's report be found in our log
};

// True for the codes that mean a fault of ours, whose text may tell what callers must not know.
bool IsServerError(absl::StatusCode code);

// A server fault becomes "internal error" with ErrorInfo metadata "correlation_id"; logging the
// real text under that id is the caller's duty (ServerCall does it). The result is cut to what fits
// into the 8 KiB of trailers that gRPC clients accept by default.
grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context);

// Restores code, message, violations (ViolationsOf) and reason (ReasonOf).
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace lmsmail::rpc
