#pragma once

#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/received.h"
#include "libs/rpc/server_call.h"
#include "libs/rpc/stream_watch.h"

namespace lmsmail::rpc {

// Handles one client-streaming call. Its functions run on the executor, one at a time and in the
// order of the stream. Only the next message is read while one is handled, so that a slow handler
// slows its caller instead of filling memory.
template <typename Request>
class ClientStreamHandler {
 public:
  virtual ~ClientStreamHandler() = default;

  // An error ends the call, without OnEnd(). `message` may be changed and is valid until this
  // returns.
  virtual absl::Status OnMessage(const CallInfo& call, Request& message) = 0;
  // The caller has sent everything: fill the response that the handler was created with. Commit
  // work in OnMessage(), because a caller that disconnected cannot always be told from one that
  // ended its stream.
  virtual absl::Status OnEnd(const CallInfo& call) = 0;
};

// Connects a ClientStreamHandler to gRPC. Owns itself until OnDone().
template <typename Request>
class ClientStreamReactor final : public grpc::ServerReadReactor<Received<Request>>,
                                  private StreamWatch::Stream {
 public:
  // `on_done` runs when gRPC is done with the call. `watch` ends the stream when its caller is
  // silent.
  static grpc::ServerReadReactor<Received<Request>>* Start(
      ServerCall call, std::unique_ptr<ClientStreamHandler<Request>> handler, Executor& executor,
      StreamWatch& watch, absl::AnyInvocable<void()> on_done) {
    auto reactor = std::make_unique<ClientStreamReactor>(std::move(call), std::move(handler),
                                                         executor, std::move(on_done));
    ClientStreamReactor* const started = reactor.get();
    started->self_ = std::move(reactor);
    started->watch_ = &watch;
    watch.Add(*started);
    started->StartRead(started->incoming_->Reset());
    return started;
  }

  // For a call that is refused.
  static grpc::ServerReadReactor<Received<Request>>* Refuse(ServerCall call, Executor& executor,
                                                            const absl::Status& status) {
    auto reactor = std::make_unique<ClientStreamReactor>(std::move(call), nullptr, executor, [] {});
    ClientStreamReactor* const refused = reactor.get();
    refused->self_ = std::move(reactor);
    refused->End(status);
    return refused;
  }

  ClientStreamReactor(ServerCall call, std::unique_ptr<ClientStreamHandler<Request>> handler,
                      Executor& executor, absl::AnyInvocable<void()> on_done)
      : call_(std::move(call)),
        handler_(std::move(handler)),
        executor_(executor),
        on_done_(std::move(on_done)) {}

  // `ok` is false at the end of the stream and after a cancellation, which ServerCall::Run()
  // checks.
  void OnReadDone(bool ok) override {
    {
      absl::MutexLock lock(&mutex_);
      read_ = ok ? Read::kMessage : Read::kEnd;
      if (busy_) return;
      busy_ = true;
    }
    ScheduleStep();
  }

  void OnDone() override {
    if (watch_ != nullptr) watch_->Remove(*this);
    const std::unique_ptr<ClientStreamReactor> self = std::move(self_);
    on_done_();
  }

 private:
  enum class Read { kPending, kMessage, kEnd };

  bool ClaimIdle(absl::Time start) override {
    absl::MutexLock lock(&mutex_);
    if (busy_ || read_ != Read::kPending || waiting_since_ > start) return false;
    busy_ = true;
    return true;
  }
  void EndIdle(const absl::Status& status) override { End(status); }

  // Schedules the next step on the executor. `busy_` is set and a read has ended.
  void ScheduleStep() {
    Executor::Task step = [this] { NextMessage() ? HandleMessage() : HandleEnd(); };
    // Once the step is submitted, another thread may run it and destroy this object.
    if (std::exchange(admitted_, true)) {
      // An admitted stream is never refused. The number of open streams bounds these tasks.
      executor_.Submit(std::move(step));
    } else if (!executor_.TrySubmit(std::move(step))) {
      End(Executor::Overloaded());
    }
  }

  // Makes the message that was read the current one and starts the next read. False at the end of
  // the stream.
  bool NextMessage() {
    {
      absl::MutexLock lock(&mutex_);
      if (read_ == Read::kEnd) return false;
      read_ = Read::kPending;
    }
    std::swap(current_, incoming_);
    this->StartRead(incoming_->Reset());
    return true;
  }

  void HandleMessage() {
    if (!current_->status().ok()) return this->Finish(call_.EndUndecodable(current_->status()));
    const absl::Status status = call_.Run(
        [this](const CallInfo& info) { return handler_->OnMessage(info, current_->message()); });
    if (!status.ok()) return End(status);
    {
      absl::MutexLock lock(&mutex_);
      if (read_ == Read::kPending) {
        busy_ = false;
        waiting_since_ = absl::Now();
        return;
      }
    }
    ScheduleStep();
  }

  void HandleEnd() {
    End(call_.Run([this](const CallInfo& info) { return handler_->OnEnd(info); }));
  }

  // This object may be destroyed before this returns. `busy_` stays set, so that the end of a
  // pending read schedules nothing.
  void End(const absl::Status& status) { this->Finish(call_.End(status)); }

  ServerCall call_;
  const std::unique_ptr<ClientStreamHandler<Request>> handler_;
  Executor& executor_;
  absl::AnyInvocable<void()> on_done_;

  absl::Mutex mutex_;
  // Whether a step is scheduled or runs; stays set after the last.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  Read read_ ABSL_GUARDED_BY(mutex_) = Read::kPending;
  absl::Time waiting_since_ ABSL_GUARDED_BY(mutex_) = absl::Now();  // unless `busy_`
  StreamWatch* watch_ = nullptr;                                    // of a stream that was started

  // Used by the steps only, which do not overlap.
  bool admitted_ = false;
  Received<Request> first_;
  Received<Request> second_;
  Received<Request>* current_ = &first_;
  Received<Request>* incoming_ = &second_;

  std::unique_ptr<ClientStreamReactor> self_;
};

}  // namespace lmsmail::rpc
