#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"

#include "libs/rpc/call_runner.h"
#include "libs/rpc/testing/echo.grpc.pb.h"

namespace lmsmail::rpc {

// Echo does what the test says; Collect joins.
class EchoService final : public testing::v1::EchoService::CallbackService {
 public:
  using Behaviour = std::function<absl::Status(const CallInfo&, const testing::v1::EchoRequest&,
                                               testing::v1::EchoResponse&)>;

  explicit EchoService(CallRunner& runner, Behaviour behaviour = Reply)
      : runner_(runner), behaviour_(std::move(behaviour)) {}

  // Answers with the request's text and the call's identity.
  static absl::Status Reply(const CallInfo& call, const testing::v1::EchoRequest& request,
                            testing::v1::EchoResponse& response) {
    response.set_text(request.text());
    response.set_request_id(call.request_id);
    response.set_traceparent(call.traceparent);
    return absl::OkStatus();
  }

  grpc::ServerUnaryReactor* Echo(grpc::CallbackServerContext* context,
                                 const testing::v1::EchoRequest* request,
                                 testing::v1::EchoResponse* response) override {
    return runner_.Run(context, "lmsmail.testing.v1.EchoService/Echo",
                       [this, request, response](const CallInfo& call) {
                         return behaviour_(call, *request, *response);
                       });
  }

  grpc::ServerReadReactor<testing::v1::EchoRequest>* Collect(
      grpc::CallbackServerContext* context, testing::v1::EchoResponse* response) override {
    return runner_.RunClientStream<testing::v1::EchoRequest>(
        context, "lmsmail.testing.v1.EchoService/Collect",
        std::make_unique<Collector>(behaviour_, *response));
  }

 private:
  class Collector final : public ClientStreamHandler<testing::v1::EchoRequest> {
   public:
    Collector(const Behaviour& behaviour, testing::v1::EchoResponse& response)
        : behaviour_(behaviour), response_(response) {}

    absl::Status OnMessage(const CallInfo& call, testing::v1::EchoRequest& message) override {
      testing::v1::EchoResponse one;
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
    testing::v1::EchoResponse& response_;
    std::string joined_;
  };

  CallRunner& runner_;
  const Behaviour behaviour_;
};

}  // namespace lmsmail::rpc
