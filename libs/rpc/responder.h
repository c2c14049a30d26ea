#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"

#include "libs/rpc/server_call.h"

namespace lmsmail::rpc {

// Finishes a unary call whose handler is asynchronous: fill the response, then call Finish() once,
// on any thread. A responder that is dropped finishes the call with INTERNAL.
class Responder {
 public:
  // `on_finish` runs just before the call ends.
  Responder(std::shared_ptr<ServerCall> call, grpc::ServerUnaryReactor* reactor,
            std::function<void()> on_finish)
      : call_(std::move(call)), reactor_(reactor), on_finish_(std::move(on_finish)) {}
  Responder(Responder&& other) noexcept
      : call_(std::move(other.call_)),
        reactor_(std::exchange(other.reactor_, nullptr)),
        on_finish_(std::move(other.on_finish_)) {}
  Responder& operator=(Responder&&) = delete;
  ~Responder() {
    if (pending()) Finish(absl::InternalError("the handler dropped the call"));
  }

  bool pending() const { return reactor_ != nullptr; }

  // The request and the response may be destroyed before this returns.
  void Finish(const absl::Status& status) {
    on_finish_();
    std::exchange(reactor_, nullptr)->Finish(call_->End(status));
  }

 private:
  std::shared_ptr<ServerCall> call_;
  grpc::ServerUnaryReactor* reactor_;
  std::function<void()> on_finish_;
};

}  // namespace lmsmail::rpc
