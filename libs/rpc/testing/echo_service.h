#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "libs/rpc/bound_service.h"
#include "libs/rpc/testing/echo.grpc.pb.h"

namespace lmsmail::rpc {

// Echo and Change run the behaviour that the test supplies; Collect joins the texts of its results.
class EchoService final : public BoundService<testing::v1::EchoService> {
 public:
  using Request = testing::v1::EchoRequest;
  using Response = testing::v1::EchoResponse;
  using Behaviour = std::function<absl::Status(const CallInfo&, const Request&, Response&)>;

  explicit EchoService(CallRunner& runner, Behaviour behaviour = Reply)
      : BoundService(runner), behaviour_(std::move(behaviour)) {
    Bind("Echo", *this, &EchoService::RunEcho);
    Bind("Change", *this, &EchoService::RunEcho);
    BindClientStream("Collect", *this, &EchoService::StartCollect);
  }

  // Returns the request's text and the call's identity.
  static absl::Status Reply(const CallInfo& call, const Request& request, Response& response) {
    response.set_text(request.text());
    response.set_request_id(call.request_id);
    response.set_traceparent(call.traceparent);
    return absl::OkStatus();
  }

 private:
  class Collector final : public ClientStreamHandler<Request> {
   public:
    Collector(const Behaviour& behaviour, Response& response)
        : behaviour_(behaviour), response_(response) {}

    absl::Status OnMessage(const CallInfo& call, Request& message) override {
      Response one;
      const absl::Status status = behaviour_(call, message, one);
      joined_ += one.text();
      return status;
    }
    absl::Status OnEnd(const CallInfo&) override {
      response_.set_text(joined_);
      return absl::OkStatus();
    }

   private:
    const Behaviour& behaviour_;
    Response& response_;
    std::string joined_;
  };

  absl::Status RunEcho(const CallInfo& call, const Request& request, Response& response) {
    return behaviour_(call, request, response);
  }
  std::unique_ptr<ClientStreamHandler<Request>> StartCollect(Response& response) {
    return std::make_unique<Collector>(behaviour_, response);
  }

  const Behaviour behaviour_;
};

}  // namespace lmsmail::rpc
