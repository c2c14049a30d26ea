#pragma once

#include <cstdint>
#include <string>

// Types of configuration values that neither the language nor Abseil has.
namespace lmsmail::config {

struct HostPort {
  std::string host;  // a name or an address, without brackets
  uint16_t port = 0;

  // "host:port", an IPv6 address in brackets, as gRPC takes it.
  std::string ToString() const;
  bool operator==(const HostPort&) const = default;
};

}  // namespace lmsmail::config
