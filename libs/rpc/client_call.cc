#include "libs/rpc/client_call.h"

#include <algorithm>

#include "absl/time/clock.h"

#include "libs/rpc/call_identity.h"

namespace lmsmail::rpc {

CallOptions Within(const CallInfo& call, absl::Duration timeout) {
  return {std::min(call.deadline, absl::Now() + timeout), call.request_id, call.traceparent};
}

CallOptions WithTimeout(absl::Duration timeout) {
  return {absl::Now() + timeout, NewRequestId(), ChildTraceparent({})};
}

void Apply(const CallOptions& options, grpc::ClientContext& context) {
  context.set_deadline(absl::ToChronoTime(options.deadline));
  if (!options.request_id.empty()) context.AddMetadata(kRequestIdKey, options.request_id);
  if (!options.authorization.empty()) context.AddMetadata(kAuthorizationKey, options.authorization);
  if (!options.traceparent.empty()) context.AddMetadata(kTraceparentKey, options.traceparent);
}

}  // namespace lmsmail::rpc
