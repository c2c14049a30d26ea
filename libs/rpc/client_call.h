#pragma once

#include <google/protobuf/descriptor.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <concepts>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/status.h"
#include "libs/tracing/span.h"

// Calls to a peer. Every call has a deadline and carries the identity of the call being served.
namespace lmsmail::rpc {

struct CallOptions {
  absl::Time deadline;
  std::string request_id = {};     // empty: none is sent
  std::string traceparent = {};    // empty: none is sent
  std::string authorization = {};  // "Bearer TOKEN"; empty: none is sent
  bool begins_trace = false;       // no span has this traceparent yet: that of the call gets it
};

// For a call made while serving `call`: with its identity, and with its deadline or `timeout` from
// now, whichever is sooner.
CallOptions Within(const CallInfo& call, absl::Duration timeout);
// For a call that is no part of a call being served, with a new request id. It belongs to the trace
// of this thread's tracing::Scope, or to a new one.
CallOptions WithTimeout(absl::Duration timeout);

void Apply(const CallOptions& options, grpc::ClientContext& context);

// The span of one call below that of `options`, which it applies to `context` with itself as the
// parent of the peer's span. Named by the method that has requests of type `request`.
class ClientSpan {
 public:
  ClientSpan(const google::protobuf::Descriptor& request, const CallOptions& options,
             grpc::ClientContext& context);
  void End(const grpc::Status& status);

 private:
  std::optional<tracing::Span> span_;
};

// Call(*stub, &pb::TemplateService::StubInterface::GetTemplate, request, Within(call, timeout)).
// Blocks.
template <typename Interface, std::derived_from<Interface> Stub, typename Request,
          typename Response>
absl::StatusOr<Response> Call(Stub& stub,
                              grpc::Status (Interface::*method)(grpc::ClientContext*,
                                                                const Request&, Response*),
                              const Request& request, const CallOptions& options) {
  grpc::ClientContext context;
  ClientSpan span(*Request::descriptor(), options, context);
  Response response;
  const grpc::Status status = (stub.*method)(&context, request, &response);
  span.End(status);
  if (!status.ok()) return FromGrpcStatus(status);
  return response;
}

}  // namespace lmsmail::rpc
