#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <concepts>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/status.h"

// Calls to a peer. Every call has a deadline and carries the identity of the call being served.
namespace lmsmail::rpc {

struct CallOptions {
  absl::Time deadline;
  std::string request_id = {};     // empty: none is sent
  std::string traceparent = {};    // empty: none is sent
  std::string authorization = {};  // "Bearer TOKEN"; empty: none is sent
};

// For a call made while serving `call`: with its identity, and with its deadline or `timeout` from
// now, whichever is sooner.
CallOptions Within(const CallInfo& call, absl::Duration timeout);
// For a call made outside of any call, with a new identity.
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
