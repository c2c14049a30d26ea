#pragma once

#include <grpcpp/support/server_callback.h>

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"

#include "libs/rpc/server_call.h"

namespace lmsmail::rpc {

// The end of a unary call, for a handler that answers later: fill the response, then Give() once,
// on any thread. One that is dropped answers INTERNAL.
class Answer {
 public:
  // `release` runs when the answer is given.
  Answer(std::shared_ptr<ServerCall> call, grpc::ServerUnaryReactor* reactor,
         std::function<void()> release)
      : call_(std::move(call)), reactor_(reactor), release_(std::move(release)) {}
  Answer(Answer&& other) noexcept
      : call_(std::move(other.call_)),
        reactor_(std::exchange(other.reactor_, nullptr)),
        release_(std::move(other.release_)) {}
  Answer& operator=(Answer&&) = delete;
  ~Answer() {
    if (pending()) Give(absl::InternalError("the handler gave no answer"));
  }

  bool pending() const { return reactor_ != nullptr; }

  // Request and response may be gone afterwards.
  void Give(const absl::Status& status) {
    release_();
    std::exchange(reactor_, nullptr)->Finish(call_->End(status));
  }

 private:
  std::shared_ptr<ServerCall> call_;
  grpc::ServerUnaryReactor* reactor_;
  std::function<void()> release_;
};

}  // namespace lmsmail::rpc
