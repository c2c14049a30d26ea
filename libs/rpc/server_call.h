#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/status.h>

#include <string>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/identity/method_access.h"
#include "libs/rpc/authenticator.h"
#include "libs/rpc/call_info.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/caller_limiter.h"

namespace lmsmail::rpc {

struct CallPolicy {
  std::string service = {};  // "template": the first part of ErrorInfo's domain
  absl::Duration default_deadline = absl::Seconds(30);  // for callers who set none
  absl::Duration default_stream_deadline = absl::Minutes(10);
  absl::Duration response_margin = absl::Milliseconds(20);  // kept for sending the response
  absl::Duration min_time = absl::Milliseconds(50);         // no work is begun with less left
};

// One call being served: its caller, its identity, its deadline, and its metrics and log line at
// the end. `policy`, `metrics` and `access` must outlive it. Its functions are called one after the
// other, from any thread.
class ServerCall {
 public:
  // Takes the request id and the trace from the caller's metadata, or creates them, and returns the
  // request id in the trailers. `default_deadline` is one of the policy's.
  ServerCall(const CallPolicy& policy, absl::Duration default_deadline, CallMetrics& metrics,
             grpc::CallbackServerContext& context, const identity::MethodAccess& access);

  const CallInfo& info() const { return info_; }

  // Finds out who calls, and whether they may: UNAUTHENTICATED, PERMISSION_DENIED or
  // RESOURCE_EXHAUSTED if not. What `limiter`, which must outlive this, allows the call to use is
  // given back when this is destroyed. Call it before Run().
  absl::Status Authorize(const Authenticator& authenticator, CallerLimiter& limiter,
                         CallerLimiter::Use use);

  // Runs `work` unless the caller has cancelled (CANCELLED) or too little time is left
  // (DEADLINE_EXCEEDED). An exception becomes INTERNAL.
  absl::Status Run(absl::FunctionRef<absl::Status(const CallInfo&)> work);

  // Counts and logs the call; returns the status to finish it with. Call exactly once.
  grpc::Status End(const absl::Status& status);
  // The same for a call whose request was not parsed; `status`, of ParseRequest(), says why.
  grpc::Status EndUndecodable(const absl::Status& status);

 private:
  absl::Status Admit() const;

  const CallPolicy& policy_;
  CallMetrics& metrics_;
  const identity::MethodAccess& access_;
  const absl::Time arrival_;
  bool begun_ = false;
  CallInfo info_;
  CallerLimiter::Permit permit_;
};

}  // namespace lmsmail::rpc
