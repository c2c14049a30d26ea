#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lmsmail::http_client {

// The root of an HTTP API, such as "https://api.eu.mailgun.net", without a slash at the end. Must
// be https, since requests have a key, unless the host is a loopback address or localhost. Errors
// read well after the name of a configuration key.
absl::StatusOr<std::string> ParseBaseUrl(std::string_view text);

}  // namespace lmsmail::http_client
