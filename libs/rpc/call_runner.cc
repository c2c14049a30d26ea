#include "libs/rpc/call_runner.h"

#include <utility>

#include "absl/cleanup/cleanup.h"

#include "libs/audit/resource_of.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::rpc {
namespace {

// Increments `open` unless it has reached `max`.
absl::Status Open(std::atomic<int>& open, int max) {
  if (open.fetch_add(1) < max) return absl::OkStatus();
  --open;
  return Executor::Overloaded();
}

}  // namespace

CallRunner::CallRunner(Options options, telemetry::Metrics& metrics)
    : policy_(std::move(options.policy)),
      max_streams_(options.max_streams),
      max_async_calls_(options.max_async_calls),
      authenticator_(options.authenticator),
      audit_log_(options.audit_log),
      limiter_(options.caller_limits, clock_),
      metrics_(metrics),
      stream_watch_(options.stream_idle),
      executor_(options.executor) {}

grpc::ServerUnaryReactor* CallRunner::RefuseUndecodable(const UnaryCall& unary,
                                                        const absl::Status& status) {
  grpc::ServerUnaryReactor* const reactor = unary.context->DefaultReactor();
  ServerCall call(policy_, policy_.default_deadline, metrics_, *unary.context, unary.access);
  const absl::Status authorized = call.Authorize(authenticator_, limiter_, {});
  reactor->Finish(authorized.ok() ? call.EndUndecodable(status) : call.End(authorized));
  return reactor;
}

grpc::ServerUnaryReactor* CallRunner::Run(const UnaryCall& unary, Handler handler) {
  const bool audited = unary.access.audited && audit_log_ != nullptr;
  return Begin(
      unary, [] { return absl::OkStatus(); }, [] {},
      [this, audited, resource = audited ? audit::ResourceOf(unary.request) : std::string(),
       handler = std::move(handler)](const CallInfo& info, Responder&& responder) mutable {
        const absl::Status status = audited ? RunAudited(info, resource, handler) : handler(info);
        // Captures may refer to the request, which is gone after Finish().
        handler = nullptr;
        responder.Finish(status);
      });
}

grpc::ServerUnaryReactor* CallRunner::RunAsync(const UnaryCall& unary, AsyncHandler handler) {
  return Begin(
      unary, [this] { return Open(async_calls_, max_async_calls_); }, [this] { --async_calls_; },
      std::move(handler));
}

grpc::ServerUnaryReactor* CallRunner::Begin(const UnaryCall& unary,
                                            absl::FunctionRef<absl::Status()> admit,
                                            std::function<void()> on_finish, AsyncHandler handler) {
  grpc::ServerUnaryReactor* const reactor = unary.context->DefaultReactor();
  const auto call = std::make_shared<ServerCall>(policy_, policy_.default_deadline, metrics_,
                                                 *unary.context, unary.access);
  absl::Status admitted =
      call->Authorize(authenticator_, limiter_, {.request_bytes = unary.request_bytes});
  if (admitted.ok()) admitted = CheckAccepting();
  if (admitted.ok()) admitted = admit();
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

absl::Status CallRunner::CheckAccepting() const {
  if (accepting_) return absl::OkStatus();
  return WithReason(absl::UnavailableError("the service is starting: try again later"),
                    {"NOT_READY", {}});
}

absl::Status CallRunner::OpenStream(ServerCall& call) {
  LMSMAIL_RETURN_IF_ERROR(call.Authorize(authenticator_, limiter_, {.stream = true}));
  LMSMAIL_RETURN_IF_ERROR(CheckAccepting());
  return Open(streams_, max_streams_);
}

absl::Status CallRunner::RunAudited(const CallInfo& info, const std::string& resource,
                                    Handler& handler) const {
  LMSMAIL_ASSIGN_OR_RETURN(
      const std::int64_t entry,
      audit_log_->Begin({info.caller.name, info.method, resource, info.request_id}, info.deadline));
  absl::Cleanup record = [&] { audit_log_->End(entry, absl::StatusCode::kInternal); };
  const absl::Status status = handler(info);
  std::move(record).Cancel();
  audit_log_->End(entry, status.code());
  return status;
}

}  // namespace lmsmail::rpc
