#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/status.h"

// Calling a peer: with a deadline always, and with the identity of the call being served.
namespace lmsmail::rpc {

struct CallOptions {
  absl::Time deadline;
  std::string request_id = {};   // empty: none is sent
  std::string traceparent = {};  // empty: none is sent
};

// For a call made while serving `call`: its identity, and its deadline or `at_most` from now,
// whichever is sooner.
CallOptions Within(const CallInfo& call, absl::Duration at_most);
// For a call that no call stands behind.
CallOptions After(absl::Duration timeout);

void Apply(const CallOptions& options, grpc::ClientContext& context);

// Call(*stub, &pb::TemplateService::StubInterface::GetTemplate, request, Within(call, timeout)).
// Blocks.
template <typename Interface, std::derived_from<Interface> Stub, typename Request,
          typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Interface::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                              const Request& request, const CallOptions& options) {
  grpc::ClientContext context;
  Apply(options, context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

// The same without blocking: `done` runs on one of gRPC's threads and must not block either. `stub`
// must live until then.
//   CallAsync(*stub->async(), &pb::TemplateService::StubInterface::async_interface::GetTemplate,
//   ...)
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
                    // It holds the channel, whose last holder may be gone once `done` has said so.
                    // Were this the last, gRPC's thread would destroy the queue it works on.
                    pending->context.reset();
                    if (!status.ok()) {
                      pending->done(FromGrpcStatus(status));
                    } else {
                      pending->done(std::move(pending->response));
                    }
                  });
}

}  // namespace lmsmail::rpc
