#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace lmsmail::http_client {

// The root of an HTTP API.
struct BaseUrl {
  std::string url;  // "https://api.eu.mailgun.net", without a slash at the end
  std::string host;
  int port = 443;
};

// The URL must be https, since requests have a key, unless the host is a loopback address or
// localhost. Errors read well after the name of a configuration key.
absl::StatusOr<BaseUrl> ParseBaseUrl(std::string_view text);

}  // namespace lmsmail::http_client
