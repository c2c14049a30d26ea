#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::rpc {

// A weak etag (https://google.aip.dev/154) of whatever represents the resource's state, such as its
// revision: W/"...", the same for the same content on every replica.
std::string EtagOf(std::string_view content);

// OK when `given` is empty (the caller does not care) or equals `current`; else ABORTED. `what` is
// the resource's name.
absl::Status CheckEtag(std::string_view given, std::string_view current, std::string_view what);

}  // namespace lmsmail::rpc
