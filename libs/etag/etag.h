#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::etag {

// Returns a weak etag (https://google.aip.dev/154), W/"...". `content` represents the state of the
// resource, such as its revision. Equal content has equal etags on every replica.
std::string Make(std::string_view content);

// OK when `given` is empty, that is, the caller did not set it, or equals `current`. Otherwise
// ABORTED. `what` is the name of the resource.
absl::Status Check(std::string_view given, std::string_view current, std::string_view what);

}  // namespace lmsmail::etag
