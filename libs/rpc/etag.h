#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::rpc {

// A weak etag, W/"..." (https://google.aip.dev/154), of text that represents the resource's state,
// such as its revision. The same content has the same etag on every replica.
std::string EtagOf(std::string_view content);

// OK when `given` is empty or equals `current`; otherwise ABORTED. `what` is the resource's name.
absl::Status CheckEtag(std::string_view given, std::string_view current, std::string_view what);

}  // namespace lmsmail::rpc
