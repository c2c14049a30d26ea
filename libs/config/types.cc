#include "libs/config/types.h"

#include <fmt/format.h>

namespace lmsmail::config {

std::string HostPort::ToString() const {
  const bool ipv6 = host.find(':') != std::string::npos;
  return ipv6 ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

}  // namespace lmsmail::config
