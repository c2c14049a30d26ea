#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

#include "libs/rpc/answer.h"
#include "libs/rpc/call_info.h"
#include "libs/rpc/call_metrics.h"
#include "libs/rpc/client_stream.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/server_call.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::rpc {

// Between gRPC's callback API and our handlers, which are plain functions returning absl::Status:
//
//   grpc::ServerUnaryReactor* GetTemplate(grpc::CallbackServerContext* context,
//                                         const pb::GetTemplateRequest* request,
//                                         pb::Template* response) override {
//     return runner_.Run(context, "lmsmail.templates.v1.TemplateService/GetTemplate",
//                        [=, this](const rpc::CallInfo& call) { return Get(call, *request,
//                        response); });
//   }
//
// Every call passes here: identity, deadline, admission, exception barrier, metrics and log (see
// ServerCall). Thread-safe; must outlive the server it serves.
class CallRunner {
 public:
  struct Options {
    CallPolicy policy = {};
    Executor::Options executor = {};
    // Client streams open at once. An open stream holds no thread while it waits for its caller.
    int max_streams = 64;
    // Calls of DeferringHandlers at once; they hold no thread either while they wait.
    int max_deferred = 512;
  };
  using Handler = absl::AnyInvocable<absl::Status(const CallInfo&)>;
  // Moves the answer away, to give it later.
  using DeferringHandler = absl::AnyInvocable<void(const CallInfo&, Answer&&)>;

  CallRunner(Options options, telemetry::Metrics& metrics);

  // While not accepting (a service that is still preparing its database), calls are UNAVAILABLE.
  // Accepts from the start unless told otherwise.
  void SetAccepting(bool accepting) { accepting_ = accepting; }

  // Waits for handlers that have not returned, though their calls were answered. For when no call
  // can come any more; afterwards what handlers use may go.
  void Stop() { executor_.Stop(); }

  // Runs `handler` on the executor; until it returns, gRPC keeps the request and the response
  // alive.
  grpc::ServerUnaryReactor* Run(grpc::CallbackServerContext* context, std::string_view method,
                                Handler handler);
  // The same for a handler that waits for something together with others. gRPC keeps the request
  // and the response alive until the answer is given.
  grpc::ServerUnaryReactor* RunDeferring(grpc::CallbackServerContext* context,
                                         std::string_view method, DeferringHandler handler);

  template <typename Request>
  grpc::ServerReadReactor<Request>* RunClientStream(
      grpc::CallbackServerContext* context, std::string_view method,
      std::unique_ptr<ClientStreamHandler<Request>> handler) {
    ServerCall call(policy_, policy_.default_stream_deadline, metrics_, *context, method);
    if (const absl::Status status = OpenStream(); !status.ok()) {
      return ClientStreamReactor<Request>::Refuse(std::move(call), executor_, status);
    }
    return ClientStreamReactor<Request>::Start(std::move(call), std::move(handler), executor_,
                                               [this] { CloseStream(); });
  }

 private:
  // `release` undoes what made `admitted` OK.
  grpc::ServerUnaryReactor* Begin(const absl::Status& admitted, std::function<void()> release,
                                  grpc::CallbackServerContext* context, std::string_view method,
                                  DeferringHandler handler);
  absl::Status Admit() const;
  // Counts one more in `open`, if there are fewer than `most`.
  absl::Status Open(std::atomic<int>& open, int most) const;
  absl::Status OpenStream() { return Open(streams_, max_streams_); }
  void CloseStream() { --streams_; }

  const CallPolicy policy_;
  const int max_streams_;
  const int max_deferred_;
  CallMetrics metrics_;
  std::atomic<bool> accepting_ = true;
  std::atomic<int> streams_ = 0;
  std::atomic<int> deferred_ = 0;
  Executor executor_;  // last, to be destroyed first: its tasks use the rest
};

}  // namespace lmsmail::rpc
