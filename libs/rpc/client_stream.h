#pragma once

#include <google/protobuf/arena.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/executor.h"
#include "libs/rpc/server_call.h"

namespace lmsmail::rpc {

// Serves one client-streaming call. Its functions run on the executor, one at a time and in the
// order of the stream. While one message is dealt with the next is read, and no more, so a slow
// handler slows its caller instead of filling memory.
template <typename Request>
class ClientStreamHandler {
 public:
  virtual ~ClientStreamHandler() = default;

  // An error ends the call with it; OnEnd is not called then. `message` may be changed, and is gone
  // when this returns.
  virtual absl::Status OnMessage(const CallInfo& call, Request& message) = 0;
  // The caller has sent everything. Fills the response that the handler was made with. Commit in
  // OnMessage, not here: a caller that broke off can't always be told from one that ended.
  virtual absl::Status OnEnd(const CallInfo& call) = 0;
};

// Drives a ClientStreamHandler. Owns itself until gRPC is done with it.
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
    started->StartRead(started->incoming_->Renew());
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
    {
      absl::MutexLock lock(&mutex_);
      read_ = ok ? Read::kMessage : Read::kEnd;
      if (busy_) return;
      busy_ = true;
    }
    Go();
  }

  void OnDone() override {
    const std::unique_ptr<ClientStreamReactor> self = std::move(self_);
    release_();
  }

 private:
  // A message and all that it is made of, allocated and freed together.
  class Buffer {
   public:
    Request* Renew() {
      arena_.Reset();
      message_ = google::protobuf::Arena::CreateMessage<Request>(&arena_);
      return message_;
    }
    Request& message() { return *message_; }

   private:
    static google::protobuf::ArenaOptions LargeBlocks() {
      google::protobuf::ArenaOptions options;
      options.start_block_size = 4 << 10;
      options.max_block_size = 128 << 10;
      return options;
    }
    google::protobuf::Arena arena_{LargeBlocks()};
    Request* message_ = nullptr;
  };
  enum class Read { kUnderWay, kMessage, kEnd };

  // Deals with what was read, on the executor. `busy_` is set and a read has ended.
  void Go() {
    Executor::Task step = [this] { TakeNext() ? Take() : Complete(); };
    // Once it is submitted, this may be at its next step on another thread, or gone.
    if (std::exchange(admitted_, true)) {
      // Bounded by the number of open streams: what was begun is not refused halfway.
      executor_.Submit(std::move(step));
    } else if (!executor_.TrySubmit(std::move(step))) {
      End(Executor::Overloaded());
    }
  }

  // Makes what was read the current message, and reads on; false at the end of the stream.
  bool TakeNext() {
    {
      absl::MutexLock lock(&mutex_);
      if (read_ == Read::kEnd) return false;
      read_ = Read::kUnderWay;
    }
    std::swap(current_, incoming_);
    this->StartRead(incoming_->Renew());
    return true;
  }

  void Take() {
    const absl::Status status = call_.Do(
        [this](const CallInfo& info) { return handler_->OnMessage(info, current_->message()); });
    if (!status.ok()) return End(status);
    {
      absl::MutexLock lock(&mutex_);
      if (read_ == Read::kUnderWay) {
        busy_ = false;
        return;
      }
    }
    Go();
  }

  void Complete() {
    End(call_.Do([this](const CallInfo& info) { return handler_->OnEnd(info); }));
  }

  // Nothing of this object may be touched afterwards. `busy_` stays set, so that a read which this
  // cuts off starts nothing.
  void End(const absl::Status& status) { this->Finish(call_.End(status)); }

  ServerCall call_;
  const std::unique_ptr<ClientStreamHandler<Request>> handler_;
  Executor& executor_;
  absl::AnyInvocable<void()> release_;

  absl::Mutex mutex_;
  // A step is to run, runs, or was the last.
  bool busy_ ABSL_GUARDED_BY(mutex_) = false;
  Read read_ ABSL_GUARDED_BY(mutex_) = Read::kUnderWay;

  // The step's own.
  bool admitted_ = false;
  Buffer first_;
  Buffer second_;
  Buffer* current_ = &first_;
  Buffer* incoming_ = &second_;

  std::unique_ptr<ClientStreamReactor> self_;
};

}  // namespace lmsmail::rpc
