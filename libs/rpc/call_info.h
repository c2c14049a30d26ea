#pragma once

#include <string>

#include "absl/time/time.h"

namespace grpc {
class CallbackServerContext;
}

namespace lmsmail::rpc {

// Metadata keys; lower case as HTTP/2 demands.
inline constexpr char kRequestIdKey[] = "x-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";  // W3C Trace Context, section 3.2

// What a handler may know of the call it serves. Valid only until the handler returns.
struct CallInfo {
  std::string method;       // "lmsmail.templates.v1.TemplateService/GetTemplate"
  std::string request_id;   // the caller's, or made here; also in the logs and in answers
  std::string traceparent;  // to send downstream: the caller's trace, a span of this call
  // When the answer must be ready: the caller's deadline less what the way back takes.
  absl::Time deadline = absl::InfiniteFuture();
  const grpc::CallbackServerContext* context = nullptr;

  // True once nobody waits for the answer any more. Ask it before committing work that a caller
  // who has given up would not want.
  bool Cancelled() const;
};

}  // namespace lmsmail::rpc
