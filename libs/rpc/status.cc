#include "libs/rpc/status.h"

#include <fmt/format.h>
#include <google/rpc/error_details.pb.h>
#include <google/rpc/status.pb.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "libs/status/error_details.h"
#include "libs/strings/utf8.h"
#include "libs/strings/view.h"

namespace lmsmail::rpc {
namespace {

constexpr int kRetrySeconds = 1;
constexpr char kCorrelationId[] = "correlation_id";

// The message travels twice, percent-encoded and in the details, and the details in base64. These
// limits keep the sum below 8 KiB even for text that is not ASCII.
constexpr std::size_t kMaxMessageBytes = 600;
constexpr std::size_t kMaxViolationBytes = 2500;
// Of one item of a batch.
constexpr std::size_t kMaxItemViolationBytes = 1200;

std::string Truncated(std::string_view text, std::size_t bytes) {
  if (text.size() <= bytes) return std::string(text);
  return fmt::format("{}...", TruncateUtf8(text, bytes));
}

void AddErrorInfo(const absl::Status& status, const ErrorContext& context,
                  google::rpc::Status& out) {
  google::rpc::ErrorInfo info;
  info.set_domain(fmt::format("{}.lmsmail", context.service));
  info.set_reason(absl::StatusCodeToString(status.code()));
  if (IsServerError(status.code())) {
    (*info.mutable_metadata())[kCorrelationId] = context.correlation_id;
  } else {
    Reason reason = ReasonOf(status);
    if (!reason.reason.empty()) info.set_reason(std::move(reason.reason));
    for (const auto& [key, value] : reason.metadata) {
      (*info.mutable_metadata())[key] = Truncated(value, kMaxMessageBytes);
    }
  }
  out.add_details()->PackFrom(info);
}

// Adds violations of up to `max_bytes` together.
void AddBadRequest(const std::vector<FieldViolation>& violations, std::size_t max_bytes,
                   google::rpc::Status& out) {
  if (violations.empty()) return;
  google::rpc::BadRequest bad_request;
  std::size_t bytes = 0;
  for (const FieldViolation& violation : violations) {
    auto* added = bad_request.add_field_violations();
    // The first one always fits.
    added->set_field(Truncated(violation.field, max_bytes / 4));
    added->set_description(Truncated(violation.description, max_bytes / 4));
    bytes += added->ByteSizeLong();
    if (bytes > max_bytes) {
      bad_request.mutable_field_violations()->RemoveLast();
      break;
    }
  }
  const std::size_t listed = static_cast<std::size_t>(bad_request.field_violations_size());
  if (listed < violations.size()) {
    out.set_message(fmt::format("{} ({} of {} violations are listed)", out.message(), listed,
                                violations.size()));
  }
  out.add_details()->PackFrom(bad_request);
}

void AddRetryInfo(const absl::Status& status, google::rpc::Status& out) {
  if (!absl::IsUnavailable(status) && !absl::IsResourceExhausted(status)) return;
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(kRetrySeconds);
  out.add_details()->PackFrom(retry);
}

std::string MessageOf(const absl::Status& status) {
  if (IsServerError(status.code())) return "internal error";
  return Truncated(ToStd(status.message()), kMaxMessageBytes);
}

}  // namespace

bool IsServerError(absl::StatusCode code) {
  return code == absl::StatusCode::kInternal || code == absl::StatusCode::kUnknown ||
         code == absl::StatusCode::kDataLoss;
}

grpc::Status ToGrpcStatus(const absl::Status& status, const ErrorContext& context) {
  if (status.ok()) return grpc::Status::OK;
  google::rpc::Status details;
  details.set_code(static_cast<int>(status.code()));
  details.set_message(MessageOf(status));
  AddErrorInfo(status, context, details);
  AddBadRequest(ViolationsOf(status), kMaxViolationBytes, details);
  AddRetryInfo(status, details);
  // Both enumerations have the numbers of google.rpc.Code.
  return grpc::Status(static_cast<grpc::StatusCode>(status.code()), details.message(),
                      details.SerializeAsString());
}

void ToItemStatus(const absl::Status& status, google::rpc::Status& out) {
  out.set_code(static_cast<int>(status.code()));
  if (status.ok()) return;
  out.set_message(MessageOf(status));
  AddBadRequest(ViolationsOf(status), kMaxItemViolationBytes, out);
}

absl::Status FromGrpcStatus(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  absl::Status out(static_cast<absl::StatusCode>(status.error_code()),
                   ToAbsl(status.error_message()));
  google::rpc::Status details;
  if (!details.ParseFromString(status.error_details())) return out;
  Reason reason;
  Violations violations;
  for (const google::protobuf::Any& detail : details.details()) {
    google::rpc::ErrorInfo info;
    google::rpc::BadRequest bad_request;
    if (detail.UnpackTo(&info)) {
      reason.reason = info.reason();
      reason.metadata.insert(info.metadata().begin(), info.metadata().end());
    } else if (detail.UnpackTo(&bad_request)) {
      for (const auto& violation : bad_request.field_violations()) {
        violations.Add(violation.field(), violation.description());
      }
    }
  }
  // The violations yield the message as it was before truncation.
  if (!violations.empty() && absl::IsInvalidArgument(out)) out = violations.ToStatus();
  return reason.reason.empty() ? out : WithReason(std::move(out), std::move(reason));
}

}  // namespace lmsmail::rpc
