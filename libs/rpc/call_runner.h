#pragma once

#include <google/protobuf/message.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"

#include "libs/audit/audit_log.h"
#include "libs/clock/clock.h"
#include "libs/identity/method_access.h"
#include "libs/rpc/authenticator.h"
#include "libs/rpc/call_info.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/caller_limiter.h"
#include "libs/rpc/client_stream.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/responder.h"
#include "libs/rpc/server_call.h"
#include "libs/rpc/stream_watch.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::rpc {

// A unary call as gRPC hands it over.
struct UnaryCall {
  grpc::CallbackServerContext* context;
  const identity::MethodAccess& access;
  const google::protobuf::Message& request;
  std::size_t request_bytes;
};

// Runs the handlers of calls: the layer between gRPC's callback API and handlers that are plain
// functions returning absl::Status. BoundService connects methods to it.
//
// Every call passes here for its caller, admission, deadline, exception barrier, audit log, metrics
// and log (see ServerCall). Thread-safe; must outlive the server it serves.
class CallRunner {
 public:
  struct Options {
    CallPolicy policy = {};
    Executor::Options executor = {};
    // Client streams open at a time. A stream holds no thread while it waits for its caller.
    int max_streams = 64;
    // How long a client stream may wait for its caller's next message.
    absl::Duration stream_idle = absl::Minutes(1);
    // Calls of asynchronous handlers at a time. They hold no thread while they wait.
    int max_async_calls = 512;
    Authenticator authenticator = {};
    identity::CallerLimits caller_limits = {};  // of each caller that has none of its own
    // For the calls of audited methods. Null: they are not recorded. Not owned.
    audit::AuditLog* audit_log = nullptr;
  };
  using Handler = absl::AnyInvocable<absl::Status(const CallInfo&)>;
  using AsyncHandler = absl::AnyInvocable<void(const CallInfo&, Responder&&)>;

  CallRunner(Options options, telemetry::Metrics& metrics);

  // While false (a service that still prepares its database), calls end with UNAVAILABLE. True at
  // first.
  void SetAccepting(bool accepting) { accepting_ = accepting; }

  // Waits for handlers that still run although their calls have ended. Call it after the server's
  // shutdown and before destroying what handlers use.
  void Stop() {
    stream_watch_.Stop();
    executor_.Stop();
  }

  // Ends a call whose request could not be parsed; `status` says why.
  grpc::ServerUnaryReactor* RefuseUndecodable(const UnaryCall& unary, const absl::Status& status);
  // Runs `handler` on the executor. gRPC keeps the request and the response alive until it returns.
  grpc::ServerUnaryReactor* Run(const UnaryCall& unary, Handler handler);
  // Runs `handler` on the executor. gRPC keeps the request and the response alive until the
  // responder has finished the call, which may be after `handler` returned. Not audited.
  grpc::ServerUnaryReactor* RunAsync(const UnaryCall& unary, AsyncHandler handler);

  template <typename Request>
  grpc::ServerReadReactor<Received<Request>>* RunClientStream(
      grpc::CallbackServerContext* context, const identity::MethodAccess& access,
      std::unique_ptr<ClientStreamHandler<Request>> handler) {
    ServerCall call(policy_, policy_.default_stream_deadline, metrics_, *context, access);
    if (const absl::Status status = OpenStream(call); !status.ok()) {
      return ClientStreamReactor<Request>::Refuse(std::move(call), executor_, status);
    }
    return ClientStreamReactor<Request>::Start(std::move(call), std::move(handler), executor_,
                                               stream_watch_, [this] { CloseStream(); });
  }

 private:
  // `admit` decides whether the call may begin, and `on_finish` undoes what made it OK.
  grpc::ServerUnaryReactor* Begin(const UnaryCall& unary, absl::FunctionRef<absl::Status()> admit,
                                  std::function<void()> on_finish, AsyncHandler handler);
  absl::Status CheckAccepting() const;
  absl::Status OpenStream(ServerCall& call);
  void CloseStream() { --streams_; }
  // Runs `handler` between the two records of the call in the audit log.
  absl::Status RunAudited(const CallInfo& info, const std::string& resource,
                          Handler& handler) const;

  const CallPolicy policy_;
  const int max_streams_;
  const int max_async_calls_;
  const Authenticator authenticator_;
  audit::AuditLog* const audit_log_;
  const SystemClock clock_;
  CallerLimiter limiter_;
  CallMetrics metrics_;
  std::atomic<bool> accepting_ = true;
  std::atomic<int> streams_ = 0;
  std::atomic<int> async_calls_ = 0;
  StreamWatch stream_watch_;
  Executor executor_;  // last, to be destroyed first: its tasks use the rest
};

}  // namespace lmsmail::rpc
