#pragma once

#include <string>

#include "libs/http_server/options.h"
#include "libs/telemetry/metrics.h"

namespace lmsmail::gateway {

// Returns a hook that counts the requests of a listener, and how long they took, by route. The
// metrics hold nothing personal. `metrics` must outlive the hook.
http_server::AccessHook CountRequests(telemetry::Metrics& metrics, std::string listener);

}  // namespace lmsmail::gateway
