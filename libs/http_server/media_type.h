#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace lmsmail::http_server {

// The value of Content-Type or Content-Disposition.
struct MediaType {
  std::string type;                                             // in lower case: "text/html"
  std::vector<std::pair<std::string, std::string>> parameters;  // names in lower case

  // Null if there is none.
  const std::string* Parameter(std::string_view name) const;
};

// `type; name=token; name="quoted \"string\""` (RFC 9110 section 8.3). nullopt if it is malformed
// or names a parameter twice.
std::optional<MediaType> ParseMediaType(std::string_view value);

}  // namespace lmsmail::http_server
