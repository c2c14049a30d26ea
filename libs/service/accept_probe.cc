#include "libs/service/accept_probe.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/time/clock.h"

#include "libs/telemetry/logging.h"

namespace lmsmail::service {
namespace {

class Socket {
 public:
  explicit Socket(const addrinfo& address)
      : fd_(socket(address.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  int fd() const { return fd_; }

  // False at the deadline.
  bool WaitFor(short events, absl::Time deadline) const {
    for (;;) {
      pollfd poll_fd{.fd = fd_, .events = events, .revents = 0};
      const auto left = absl::ToInt64Milliseconds(deadline - absl::Now());
      const int ready = poll(&poll_fd, 1, left < 0 ? 0 : static_cast<int>(left));
      if (ready >= 0 || errno != EINTR) return ready > 0;
    }
  }

 private:
  const int fd_;
};

absl::Status Failure(std::string_view what, int error) {
  return absl::UnavailableError(
      fmt::format("{}: {}", what, std::generic_category().message(error)));
}

}  // namespace

absl::Status ProbeListener(const std::string& host, std::uint16_t port, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  addrinfo* found = nullptr;
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  const int error = getaddrinfo(host.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (error != 0) {
    return absl::UnavailableError(fmt::format("{} has no address: {}", host, gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> address(found, &freeaddrinfo);

  const Socket socket(*address);
  if (socket.fd() < 0) return Failure("there is no file descriptor left", errno);
  if (connect(socket.fd(), address->ai_addr, address->ai_addrlen) != 0) {
    if (errno != EINPROGRESS) return Failure("it refuses connections", errno);
    if (!socket.WaitFor(POLLOUT, deadline)) return Failure("it cannot be reached", ETIMEDOUT);
    int result = 0;
    socklen_t size = sizeof result;
    getsockopt(socket.fd(), SOL_SOCKET, SO_ERROR, &result, &size);
    if (result != 0) return Failure("it refuses connections", result);
  }
  // Whatever the server does about the end of the connection shows that it was accepted.
  shutdown(socket.fd(), SHUT_WR);
  if (!socket.WaitFor(POLLIN, deadline)) {
    return absl::UnavailableError("a connection is not accepted");
  }
  return absl::OkStatus();
}

AcceptProbe::AcceptProbe(Probe probe, absl::Duration interval, std::function<void()> failed)
    : probe_(std::move(probe)),
      interval_(interval),
      failed_(std::move(failed)),
      periodic_("accept probe", [this] { return Step(); }) {}

absl::Status AcceptProbe::error() const {
  absl::MutexLock lock(&mutex_);
  return error_;
}

absl::Duration AcceptProbe::Step() {
  const absl::Status status = probe_();
  if (status.ok()) {
    failures_ = 0;
    return interval_;
  }
  telemetry::LogWarning("the service's own listener does not answer",
                        {{"error", status}, {"failures", ++failures_}});
  if (failures_ < kMaxFailures) return interval_;
  {
    absl::MutexLock lock(&mutex_);
    error_ = absl::UnavailableError(fmt::format(
        "the listener accepts no connections any more ({}): the process ends, so that it is "
        "started again; if this recurs, raise the limit of open files (ulimit -Hn, LimitNOFILE)",
        std::string(status.message())));
  }
  failed_();
  return absl::InfiniteDuration();
}

}  // namespace lmsmail::service
