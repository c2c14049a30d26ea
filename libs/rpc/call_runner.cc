#include "libs/rpc/call_runner.h"

#include <utility>

#include "libs/status/fault.h"

namespace lmsmail::rpc {

CallRunner::CallRunner(Options options, telemetry::Metrics& metrics)
    : policy_(std::move(options.policy)),
      max_streams_(options.max_streams),
      max_deferred_(options.max_deferred),
      metrics_(metrics),
      executor_(options.executor) {}

grpc::ServerUnaryReactor* CallRunner::Run(grpc::CallbackServerContext* context,
                                          std::string_view method, Handler handler) {
  return Begin(
      Admit(), [] {}, context, method,
      [handler = std::move(handler)](const CallInfo& info, Answer&& answer) mutable {
        const absl::Status status = handler(info);
        // Captures may refer to the request, which is gone after the answer.
        handler = nullptr;
        answer.Give(status);
      });
}

grpc::ServerUnaryReactor* CallRunner::RunDeferring(grpc::CallbackServerContext* context,
                                                   std::string_view method,
                                                   DeferringHandler handler) {
  return Begin(
      Open(deferred_, max_deferred_), [this] { --deferred_; }, context, method, std::move(handler));
}

grpc::ServerUnaryReactor* CallRunner::Begin(const absl::Status& admitted,
                                            std::function<void()> release,
                                            grpc::CallbackServerContext* context,
                                            std::string_view method, DeferringHandler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call =
      std::make_shared<ServerCall>(policy_, policy_.default_deadline, metrics_, *context, method);
  if (!admitted.ok()) {
    Answer(call, reactor, [] {}).Give(admitted);
    return reactor;
  }
  const bool taken =
      executor_.TrySubmit([call, reactor, release, handler = std::move(handler)]() mutable {
        Answer answer(call, reactor, std::move(release));
        const absl::Status begun = call->Do([&](const CallInfo& info) {
          handler(info, std::move(answer));
          return absl::OkStatus();
        });
        if (!begun.ok() && answer.pending()) answer.Give(begun);
      });
  if (!taken) Answer(call, reactor, std::move(release)).Give(Executor::Overloaded());
  return reactor;
}

absl::Status CallRunner::Admit() const {
  if (accepting_) return absl::OkStatus();
  return WithReason(absl::UnavailableError("the service is still starting: repeat it later"),
                    {"NOT_READY", {}});
}

absl::Status CallRunner::Open(std::atomic<int>& open, int most) const {
  absl::Status status = Admit();
  if (!status.ok()) return status;
  if (open.fetch_add(1) < most) return absl::OkStatus();
  --open;
  return Executor::Overloaded();
}

}  // namespace lmsmail::rpc
