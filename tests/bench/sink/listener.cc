#include "tests/bench/sink/listener.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace lmsmail::sink {

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

absl::StatusOr<Listener> Listen(const config::HostPort& address) {
  const auto failed = [&](const char* what) {
    return absl::ErrnoToStatus(errno, fmt::format("{} {}", what, address.ToString()));
  };
  sockaddr_in in = {};
  in.sin_family = AF_INET;
  in.sin_port = htons(address.port);
  if (::inet_pton(AF_INET, address.host.c_str(), &in.sin_addr) != 1) {
    return absl::InvalidArgumentError(
        fmt::format("\"{}\" is not a numeric IPv4 address", address.host));
  }
  Listener listener;
  listener.socket = Descriptor(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int number = listener.socket.get();
  const int on = 1;
  ::setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  auto* const generic = reinterpret_cast<sockaddr*>(&in);
  if (::bind(number, generic, sizeof in) != 0) return failed("bind");
  if (::listen(number, 1024) != 0) return failed("listen");
  socklen_t size = sizeof in;
  if (::getsockname(number, generic, &size) != 0) return failed("getsockname");
  listener.port = ntohs(in.sin_port);
  return listener;
}

}  // namespace lmsmail::sink
