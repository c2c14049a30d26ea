#include "libs/rpc/call_runner.h"

#include <utility>

#include "libs/status/fault.h"

namespace lmsmail::rpc {

CallRunner::CallRunner(Options options, telemetry::Metrics& metrics)
    : policy_(std::move(options.policy)),
      max_streams_(options.max_streams),
      metrics_(metrics),
      executor_(options.executor) {}

grpc::ServerUnaryReactor* CallRunner::Run(grpc::CallbackServerContext* context,
                                          std::string_view method, Handler handler) {
  grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
  const auto call =
      std::make_shared<ServerCall>(policy_, policy_.default_deadline, metrics_, *context, method);
  if (const absl::Status status = Admit(); !status.ok()) {
    reactor->Finish(call->End(status));
    return reactor;
  }
  const bool taken = executor_.TrySubmit([call, reactor, handler = std::move(handler)]() mutable {
    const absl::Status status =
        call->Do([&handler](const CallInfo& info) { return handler(info); });
    // Captures may refer to the request, which is gone after Finish.
    handler = nullptr;
    reactor->Finish(call->End(status));
  });
  if (!taken) reactor->Finish(call->End(Executor::Overloaded()));
  return reactor;
}

absl::Status CallRunner::Admit() const {
  if (accepting_) return absl::OkStatus();
  return WithReason(absl::UnavailableError("the service is still starting: repeat it later"),
                    {"NOT_READY", {}});
}

absl::Status CallRunner::OpenStream() {
  absl::Status status = Admit();
  if (!status.ok()) return status;
  if (streams_.fetch_add(1) < max_streams_) return absl::OkStatus();
  streams_.fetch_sub(1);
  return Executor::Overloaded();
}

void CallRunner::CloseStream() { streams_.fetch_sub(1); }

}  // namespace lmsmail::rpc
