#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/call_runner.h"
#include "libs/rpc/client_stream.h"
#include "libs/rpc/method_table.h"
#include "libs/rpc/received.h"
#include "libs/rpc/responder.h"

namespace lmsmail::rpc {

// A gRPC service whose methods are member functions of handler classes. `Api` is the generated
// class:
//
//   class ReportService final : public rpc::BoundService<v1::ReportService> {
//    public:
//     ReportService(rpc::CallRunner& runner, CourseHandlers& courses) : BoundService(runner) {
//       Bind("GetCourse", courses, &CourseHandlers::GetCourse);
//     }
//   };
//
// Every method of the proto is bound exactly once; Server::Start refuses a service of which that is
// not true. The runner and the handlers must outlive the server.
//
// A method is installed as the generated WithCallbackMethod_<Method> classes install theirs.
template <typename Api>
class BoundService : public Api::Service {
 public:
  // OK once every method has its handler.
  absl::Status CheckBound() const { return methods_.Check(); }

 protected:
  explicit BoundService(CallRunner& runner) : runner_(runner), methods_(Api::service_full_name()) {}

  template <typename Handlers, typename Request, typename Response>
  void Bind(std::string_view method, Handlers& handlers,
            absl::Status (Handlers::*handler)(const CallInfo&, const Request&, Response&)) {
    BindUnary<Request, Response>(method, [this, name = methods_.FullName(method), &handlers,
                                          handler](grpc::CallbackServerContext* context,
                                                   const Request* request, Response* response) {
      return runner_.Run(context, name,
                         [&handlers, handler, request, response](const CallInfo& call) {
                           return (handlers.*handler)(call, *request, *response);
                         });
    });
  }

  // For an asynchronous handler, see CallRunner::RunAsync.
  template <typename Handlers, typename Request, typename Response>
  void BindAsync(std::string_view method, Handlers& handlers,
                 void (Handlers::*handler)(const CallInfo&, const Request&, Response&, Responder)) {
    BindUnary<Request, Response>(method, [this, name = methods_.FullName(method), &handlers,
                                          handler](grpc::CallbackServerContext* context,
                                                   const Request* request, Response* response) {
      return runner_.RunAsync(
          context, name,
          [&handlers, handler, request, response](const CallInfo& call, Responder&& responder) {
            (handlers.*handler)(call, *request, *response, std::move(responder));
          });
    });
  }

  // `handler` makes what serves one call; the response outlives it.
  template <typename Handlers, typename Request, typename Response>
  void BindClientStream(
      std::string_view method, Handlers& handlers,
      std::unique_ptr<ClientStreamHandler<Request>> (Handlers::*handler)(Response&)) {
    const auto index = methods_.Bind(method, {Request::descriptor(), Response::descriptor(), true});
    if (!index) return;
    this->MarkMethodCallback(
        *index, new grpc::internal::CallbackClientStreamingHandler<Received<Request>, Response>(
                    [this, name = methods_.FullName(method), &handlers, handler](
                        grpc::CallbackServerContext* context, Response* response) {
                      return runner_.RunClientStream<Request>(context, name,
                                                              (handlers.*handler)(*response));
                    }));
  }

 private:
  template <typename Request, typename Response, typename Function>
  void BindUnary(std::string_view method, Function function) {
    const auto index = methods_.Bind(method, {Request::descriptor(), Response::descriptor()});
    if (!index) return;
    // The service owns its handlers.
    this->MarkMethodCallback(
        *index, new grpc::internal::CallbackUnaryHandler<Received<Request>, Response>(
                    [this, name = methods_.FullName(method), function = std::move(function)](
                        grpc::CallbackServerContext* context, const Received<Request>* request,
                        Response* response) {
                      if (!request->status().ok()) {
                        return runner_.RefuseUndecodable(context, name, request->status());
                      }
                      return function(context, &request->message(), response);
                    }));
  }

  CallRunner& runner_;
  MethodTable methods_;
};

}  // namespace lmsmail::rpc
