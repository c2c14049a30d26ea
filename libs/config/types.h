#pragma once

#include <cstdint>
#include <map>
#include <string>

// Value types of configuration that neither the language nor Abseil has.
namespace lmsmail::config {

struct HostPort {
  std::string host;  // a name or an address, without brackets
  uint16_t port = 0;

  // "host:port", an IPv6 address in brackets: what gRPC and the Prometheus exposer take.
  std::string ToString() const;
  bool operator==(const HostPort&) const = default;
};

using StringMap = std::map<std::string, std::string>;

}  // namespace lmsmail::config
