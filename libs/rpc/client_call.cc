#include "libs/rpc/client_call.h"

#include <algorithm>

#include "absl/time/clock.h"

#include "libs/rpc/call_identity.h"
#include "libs/tracing/traceparent.h"

namespace lmsmail::rpc {
namespace {

// "lmsmail.dispatch.v1.DispatchService/Send": each method has a request message of its own, in the
// file of its service.
std::string MethodOf(const google::protobuf::Descriptor& request) {
  const google::protobuf::FileDescriptor& file = *request.file();
  for (int s = 0; s < file.service_count(); ++s) {
    for (int m = 0; m < file.service(s)->method_count(); ++m) {
      if (file.service(s)->method(m)->input_type() != &request) continue;
      return file.service(s)->full_name() + "/" + file.service(s)->method(m)->name();
    }
  }
  return request.full_name();
}

}  // namespace

CallOptions Within(const CallInfo& call, absl::Duration timeout) {
  return {std::min(call.deadline, absl::Now() + timeout), call.request_id, call.traceparent};
}

CallOptions WithTimeout(absl::Duration timeout) {
  const std::string_view current = tracing::Scope::Current();
  if (!current.empty()) return {absl::Now() + timeout, NewRequestId(), std::string(current)};
  return {.deadline = absl::Now() + timeout,
          .request_id = NewRequestId(),
          .traceparent = tracing::ChildTraceparent({}),
          .begins_trace = true};
}

void Apply(const CallOptions& options, grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(options.deadline));
  if (!options.request_id.empty()) context.AddMetadata(kRequestIdKey, options.request_id);
  if (!options.authorization.empty()) context.AddMetadata(kAuthorizationKey, options.authorization);
  if (!options.traceparent.empty()) context.AddMetadata(kTraceparentKey, options.traceparent);
}

ClientSpan::ClientSpan(const google::protobuf::Descriptor& request, const CallOptions& options,
                       grpc::ClientContext& context) {
  if (!tracing::IsRecorded(options.traceparent)) {
    Apply(options, context);
    return;
  }
  const std::string method = MethodOf(request);
  span_.emplace(options.begins_trace
                    ? tracing::Span::Root(method, tracing::SpanKind::kClient, options.traceparent)
                    : tracing::Span(method, tracing::SpanKind::kClient, options.traceparent));
  CallOptions below = options;
  below.traceparent = span_->traceparent();
  Apply(below, context);
}

void ClientSpan::End(const grpc::Status& status) {
  if (!span_) return;
  span_->SetAttribute("rpc.system", "grpc");
  span_->SetAttribute("rpc.grpc.status_code", static_cast<int>(status.error_code()));
  span_->End(status.ok() ? absl::OkStatus() : FromGrpcStatus(status));
}

}  // namespace lmsmail::rpc
