#pragma once

#include <string>

#include "absl/time/time.h"

#include "libs/identity/caller.h"

namespace grpc {
class CallbackServerContext;
}

namespace lmsmail::rpc {

// Metadata keys. HTTP/2 requires lower case.
inline constexpr char kAuthorizationKey[] = "authorization";  // "Bearer TOKEN", RFC 6750
inline constexpr char kRequestIdKey[] = "x-request-id";
inline constexpr char kTraceparentKey[] = "traceparent";  // W3C Trace Context, section 3.2

// The call that a handler serves. Valid until the handler returns.
struct CallInfo {
  std::string method;  // "lmsmail.templates.v1.TemplateService/GetTemplate"
  identity::Caller caller;
  std::string request_id;   // the caller's, or created here; also in logs and trailers
  std::string traceparent;  // to send downstream: the caller's trace, a span of this call
  // When the response must be ready: the caller's deadline less CallPolicy::response_margin.
  absl::Time deadline = absl::InfiniteFuture();
  const grpc::CallbackServerContext* context = nullptr;

  // True once the caller has cancelled the call. Check it before committing work that such a caller
  // would not want.
  bool Cancelled() const;
};

}  // namespace lmsmail::rpc
