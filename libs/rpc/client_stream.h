#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/server_call.h"

namespace lmsmail::rpc {

// Serves one client-streaming call. Its functions run on the executor, one at a time and in the
// order of the stream; the next message is read only when the last is done with, so a slow handler
// slows its caller instead of filling memory.
template <typename Request>
class ClientStreamHandler {
 public:
  virtual ~ClientStreamHandler() = default;

  // An error ends the call with it; OnEnd is not called then. `message` may be moved from.
  virtual absl::Status OnMessage(const CallInfo& call, Request& message) = 0;
  // The caller has sent everything. Fills the response that the handler was made with. Commit in
  // OnMessage, not here: a caller that broke off can't always be told from one that ended.
  virtual absl::Status OnEnd(const CallInfo& call) = 0;
};

// Drives a ClientStreamHandler. Either a read or a task is outstanding, never both, so nothing here
// needs a lock, and Finish is reached once. Owns itself until gRPC is done with it.
template <typename Request>
class ClientStreamReactor final : public grpc::ServerReadReactor<Request> {
 public:
  // `release` runs at the very end.
  static grpc::ServerReadReactor<Request>* Start(
      ServerCall call, std::unique_ptr<ClientStreamHandler<Request>> handler, Executor& executor,
      absl::AnyInvocable<void()> release) {
    auto reactor = std::make_unique<ClientStreamReactor>(std::move(call), std::move(handler),
                                                         executor, std::move(release));
    ClientStreamReactor* const started = reactor.get();
    started->self_ = std::move(reactor);
    started->StartRead(&started->message_);
    return started;
  }

  // For a call that is not to be served.
  static grpc::ServerReadReactor<Request>* Refuse(ServerCall call, Executor& executor,
                                                  const absl::Status& status) {
    auto reactor = std::make_unique<ClientStreamReactor>(std::move(call), nullptr, executor, [] {});
    ClientStreamReactor* const refused = reactor.get();
    refused->self_ = std::move(reactor);
    refused->End(status);
    return refused;
  }

  ClientStreamReactor(ServerCall call, std::unique_ptr<ClientStreamHandler<Request>> handler,
                      Executor& executor, absl::AnyInvocable<void()> release)
      : call_(std::move(call)),
        handler_(std::move(handler)),
        executor_(executor),
        release_(std::move(release)) {}

  // `ok` is false at the end of the stream and when the call was cancelled, which Do() sorts out.
  void OnReadDone(bool ok) override {
    Executor::Task step = [this, ok] { ok ? Take() : Complete(); };
    if (admitted_) {
      // Bounded by the number of open streams: what was begun is not refused halfway.
      executor_.Submit(std::move(step));
    } else if (executor_.TrySubmit(std::move(step))) {
      admitted_ = true;
    } else {
      End(Executor::Overloaded());
    }
  }

  void OnDone() override {
    const std::unique_ptr<ClientStreamReactor> self = std::move(self_);
    release_();
  }

 private:
  void Take() {
    const absl::Status status =
        call_.Do([this](const CallInfo& info) { return handler_->OnMessage(info, message_); });
    if (!status.ok()) return End(status);
    message_.Clear();
    this->StartRead(&message_);
  }

  void Complete() {
    End(call_.Do([this](const CallInfo& info) { return handler_->OnEnd(info); }));
  }

  // Nothing of this object may be touched afterwards.
  void End(const absl::Status& status) { this->Finish(call_.End(status)); }

  ServerCall call_;
  const std::unique_ptr<ClientStreamHandler<Request>> handler_;
  Executor& executor_;
  absl::AnyInvocable<void()> release_;
  bool admitted_ = false;
  Request message_;
  std::unique_ptr<ClientStreamReactor> self_;
};

}  // namespace lmsmail::rpc
