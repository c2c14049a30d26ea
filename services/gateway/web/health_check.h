#pragma once

#include "libs/http_server/message.h"

namespace lmsmail::gateway {

// Whether it is a probe, which has no credentials and names the address of a container.
inline bool IsHealthCheck(const http_server::Request& request) {
  return request.path == "/healthz" || request.path == "/readyz";
}

}  // namespace lmsmail::gateway
