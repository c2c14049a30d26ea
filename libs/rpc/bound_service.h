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
    const auto* const bound =
        methods_.Bind(method, {Request::descriptor(), Response::descriptor()});
    BindUnary<Request, Response>(
        bound, [this, &handlers, handler](const UnaryCall& call, const Request* request,
                                          Response* response) {
          return runner_.Run(call, [&handlers, handler, request, response](const CallInfo& info) {
            return (handlers.*handler)(info, *request, *response);
          });
        });
  }

  // For an asynchronous handler, see CallRunner::RunAsync.
  template <typename Handlers, typename Request, typename Response>
  void BindAsync(std::string_view method, Handlers& handlers,
                 void (Handlers::*handler)(const CallInfo&, const Request&, Response&, Responder)) {
    const auto* const bound =
        methods_.BindUnaudited(method, {Request::descriptor(), Response::descriptor()});
    BindUnary<Request, Response>(
        bound, [this, &handlers, handler](const UnaryCall& call, const Request* request,
                                          Response* response) {
          return runner_.RunAsync(call, [&handlers, handler, request, response](
                                            const CallInfo& info, Responder&& responder) {
            (handlers.*handler)(info, *request, *response, std::move(responder));
          });
        });
  }

  // `handler` makes what serves one call; the response outlives it.
  template <typename Handlers, typename Request, typename Response>
  void BindClientStream(
      std::string_view method, Handlers& handlers,
      std::unique_ptr<ClientStreamHandler<Request>> (Handlers::*handler)(Response&)) {
    const auto* const bound =
        methods_.BindUnaudited(method, {Request::descriptor(), Response::descriptor(), true});
    if (bound == nullptr) return;
    this->MarkMethodCallback(
        bound->index,
        new grpc::internal::CallbackClientStreamingHandler<Received<Request>, Response>(
            [this, bound, &handlers, handler](grpc::CallbackServerContext* context,
                                              Response* response) {
              return runner_.RunClientStream<Request>(context, bound->access,
                                                      (handlers.*handler)(*response));
            }));
  }

 private:
  template <typename Request, typename Response, typename Function>
  void BindUnary(const MethodTable::Method* bound, Function function) {
    if (bound == nullptr) return;
    // The service owns its handlers.
    this->MarkMethodCallback(
        bound->index,
        new grpc::internal::CallbackUnaryHandler<Received<Request>, Response>(
            [this, bound, function = std::move(function)](grpc::CallbackServerContext* context,
                                                          const Received<Request>* request,
                                                          Response* response) {
              const UnaryCall call{context, bound->access, request->message(), request->bytes()};
              if (!request->status().ok()) {
                return runner_.RefuseUndecodable(call, request->status());
              }
              return function(call, &request->message(), response);
            }));
  }

  CallRunner& runner_;
  MethodTable methods_;
};

}  // namespace lmsmail::rpc
