#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"

#include "libs/rpc/client_call.h"
#include "libs/rpc/status.h"

namespace lmsmail::rpc {

// Call() without blocking: `done` runs on one of gRPC's threads and must not block. The stub must
// live until then.
//
//   CallAsync(*stub->async(), &pb::EchoService::StubInterface::async_interface::Echo, ...)
template <typename Interface, std::derived_from<Interface> Async, typename Request,
          typename Response>
void CallAsync(Async& async,
               void (Interface::*method)(grpc::ClientContext*, const Request*, Response*,
                                         std::function<void(grpc::Status)>),
               std::type_identity_t<Request> request, const CallOptions& options,
               std::type_identity_t<absl::AnyInvocable<void(absl::StatusOr<Response>)>> done) {
  struct Pending {
    std::optional<grpc::ClientContext> context{std::in_place};
    Request request;
    Response response;
    absl::AnyInvocable<void(absl::StatusOr<Response>)> done;
  };
  auto pending = std::make_shared<Pending>();
  Apply(options, *pending->context);
  pending->request = std::move(request);
  pending->done = std::move(done);
  (async.*method)(&*pending->context, &pending->request, &pending->response,
                  [pending](const grpc::Status& status) {
                    // The context references the channel. `done` may let its owner drop the
                    // channel; were the context's the last reference, this thread of gRPC would
                    // destroy the queue it works on.
                    pending->context.reset();
                    if (!status.ok()) {
                      pending->done(FromGrpcStatus(status));
                    } else {
                      pending->done(std::move(pending->response));
                    }
                  });
}

}  // namespace lmsmail::rpc
