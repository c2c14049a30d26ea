#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace lmsmail::http_server {

struct Target {
  std::string path;   // decoded; see Request::path
  std::string query;  // as sent
};

// The target of a request in origin form. nullopt for any other form, and for paths that programs
// read differently: bad percent-encoding, empty and dot segments, encoded slashes, backslashes,
// control characters, ill-formed UTF-8.
std::optional<Target> ParseTarget(std::string_view target);

// Replaces "%41" by "A". nullopt when "%" is not followed by two hexadecimal digits.
std::optional<std::string> DecodePercent(std::string_view text);

}  // namespace lmsmail::http_server
