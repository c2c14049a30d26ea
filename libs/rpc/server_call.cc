#include "libs/rpc/server_call.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <exception>

#include "absl/time/clock.h"

#include "libs/rpc/call_identity.h"
#include "libs/rpc/status.h"
#include "libs/status/status_macros.h"
#include "libs/telemetry/limited_log.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::rpc {
namespace {

std::string_view Metadata(const grpc::CallbackServerContext& context, const char* key) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find(key);
  if (found == metadata.end()) return {};
  return {found->second.data(), found->second.size()};
}

absl::Time CallerDeadline(const grpc::CallbackServerContext& context) {
  const std::chrono::system_clock::time_point deadline = context.deadline();
  // gRPC reports this when the caller set none.
  if (deadline == std::chrono::system_clock::time_point::max()) return absl::InfiniteFuture();
  return absl::FromChrono(deadline);
}

}  // namespace

bool CallInfo::Cancelled() const { return context != nullptr && context->IsCancelled(); }

ServerCall::ServerCall(const CallPolicy& policy, absl::Duration default_deadline,
                       CallMetrics& metrics, grpc::CallbackServerContext& context,
                       const identity::MethodAccess& access)
    : policy_(policy), metrics_(metrics), access_(access), arrival_(absl::Now()) {
  info_.method = access.method;
  info_.caller.name = identity::kAnonymous;
  const std::string_view request_id = Metadata(context, kRequestIdKey);
  info_.request_id = IsValidRequestId(request_id) ? std::string(request_id) : NewRequestId();
  info_.traceparent = ChildTraceparent(Metadata(context, kTraceparentKey));
  info_.deadline =
      std::min(CallerDeadline(context), arrival_ + default_deadline) - policy.response_margin;
  info_.context = &context;
  // A trailer, because gRPC never retries a call whose response has initial metadata.
  context.AddTrailingMetadata(kRequestIdKey, info_.request_id);
  metrics_.Arrived();
}

absl::Status ServerCall::Authorize(const Authenticator& authenticator, CallerLimiter& limiter,
                                   CallerLimiter::Use use) {
  LMSMAIL_ASSIGN_OR_RETURN(info_.caller, authenticator.Identify(*info_.context));
  LMSMAIL_RETURN_IF_ERROR(access_.Check(info_.caller));
  LMSMAIL_ASSIGN_OR_RETURN(permit_, limiter.Take(info_.caller, use));
  return absl::OkStatus();
}

absl::Status ServerCall::Admit() const {
  if (info_.Cancelled()) return absl::CancelledError("the caller has cancelled the call");
  if (info_.deadline - absl::Now() < policy_.min_time - policy_.response_margin) {
    return absl::DeadlineExceededError("too little time is left to begin");
  }
  return absl::OkStatus();
}

absl::Status ServerCall::Run(absl::FunctionRef<absl::Status(const CallInfo&)> work) {
  if (!begun_) metrics_.Begun(absl::Now() - arrival_);
  begun_ = true;
  absl::Status status = Admit();
  if (!status.ok()) return status;
  try {
    return work(info_);
  } catch (const std::exception& e) {
    return absl::InternalError(fmt::format("exception: {}", e.what()));
  } catch (...) {
    return absl::InternalError("exception that is not a std::exception");
  }
}

grpc::Status ServerCall::End(const absl::Status& status) {
  const absl::Duration took = absl::Now() - arrival_;
  metrics_.Ended(info_.method, info_.caller.name, status.code(), took);
  if (IsServerError(status.code())) {
    static telemetry::LimitedLog log(50, absl::Milliseconds(100));
    log.Log(telemetry::Level::kWarning, "call failed",
            {{"method", info_.method},
             {"caller", info_.caller.name},
             {"request_id", info_.request_id},
             {"traceparent", info_.traceparent},
             {"took", took},
             {"error", status}});
  } else if (absl::IsPermissionDenied(status)) {
    static telemetry::LimitedLog log(20, absl::Seconds(1));
    log.Log(telemetry::Level::kWarning, "call denied",
            {{"method", info_.method},
             {"caller", info_.caller.name},
             {"request_id", info_.request_id},
             {"error", status}});
  } else if (telemetry::LogEnabled(telemetry::Level::kDebug)) {
    telemetry::LogDebug("call", {{"method", info_.method},
                                 {"caller", info_.caller.name},
                                 {"request_id", info_.request_id},
                                 {"traceparent", info_.traceparent},
                                 {"took", took},
                                 {"code", absl::StatusCodeToString(status.code())}});
  }
  return ToGrpcStatus(status, {policy_.service, info_.request_id});
}

grpc::Status ServerCall::EndUndecodable(const absl::Status& status) {
  if (absl::IsInvalidArgument(status)) {
    metrics_.Undecodable(info_.method, info_.request_id, status);
  }
  return End(status);
}

}  // namespace lmsmail::rpc
