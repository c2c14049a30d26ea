#include "libs/rpc/call_runner.h"

#include <utility>

#include "libs/status/error_details.h"

namespace lmsmail::rpc {

CallRunner::CallRunner(Options options, telemetry::Metrics& metrics)
    : policy_(std::move(options.policy)),
      max_streams_(options.max_streams),
      max_async_calls_(options.max_async_calls),
      metrics_(metrics),
      stream_watch_(options.stream_idle),
      executor_(options.executor) {}

grpc::ServerUnaryReactor* CallRunner::RefuseUndecodable(grpc::CallbackServerContext* context,
                                                        std::string_view method,
                                                        const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  ServerCall call(policy_, policy_.default_deadline, metrics_, *context, method);
  reactor->Finish(call.EndUndecodable(status));
  return reactor;
}

grpc::ServerUnaryReactor* CallRunner::Run(grpc::CallbackServerContext* context,
                                          std::string_view method, Handler handler) {
  return Begin(
      Admit(), [] {}, context, method,
      [handler = std::move(handler)](const CallInfo& info, Responder&& responder) mutable {
        const absl::Status status = handler(info);
        // Captures may refer to the request, which is gone after Finish().
        handler = nullptr;
        responder.Finish(status);
      });
}

grpc::ServerUnaryReactor* CallRunner::RunAsync(grpc::CallbackServerContext* context,
                                               std::string_view method, AsyncHandler handler) {
  return Begin(
      Open(async_calls_, max_async_calls_), [this] { --async_calls_; }, context, method,
      std::move(handler));
}

grpc::ServerUnaryReactor* CallRunner::Begin(const absl::Status& admitted,
                                            std::function<void()> on_finish,
                                            grpc::CallbackServerContext* context,
                                            std::string_view method, AsyncHandler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call =
      std::make_shared<ServerCall>(policy_, policy_.default_deadline, metrics_, *context, method);
  if (!admitted.ok()) {
    Responder(call, reactor, [] {}).Finish(admitted);
    return reactor;
  }
  const bool taken =
      executor_.TrySubmit([call, reactor, on_finish, handler = std::move(handler)]() mutable {
        Responder responder(call, reactor, std::move(on_finish));
        const absl::Status begun = call->Run([&](const CallInfo& info) {
          handler(info, std::move(responder));
          return absl::OkStatus();
        });
        if (!begun.ok() && responder.pending()) responder.Finish(begun);
      });
  if (!taken) Responder(call, reactor, std::move(on_finish)).Finish(Executor::Overloaded());
  return reactor;
}

absl::Status CallRunner::Admit() const {
  if (accepting_) return absl::OkStatus();
  return WithReason(absl::UnavailableError("the service is starting: try again later"),
                    {"NOT_READY", {}});
}

absl::Status CallRunner::Open(std::atomic<int>& open, int max) const {
  absl::Status status = Admit();
  if (!status.ok()) return status;
  if (open.fetch_add(1) < max) return absl::OkStatus();
  --open;
  return Executor::Overloaded();
}

}  // namespace lmsmail::rpc
