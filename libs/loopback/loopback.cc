#include "libs/loopback/loopback.h"

#include <arpa/inet.h>

namespace lmsmail {

bool IsLoopbackHost(const std::string& host) {
  in_addr address{};
  if (inet_pton(AF_INET, host.c_str(), &address) == 1) return host.starts_with("127.");
  return host == "localhost" || host == "::1" || host == "[::1]";
}

}  // namespace lmsmail
