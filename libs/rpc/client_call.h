#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <concepts>
#include <string>

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
CallOptions WithTimeout(absl::Duration timeout);

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

}  // namespace lmsmail::rpc
