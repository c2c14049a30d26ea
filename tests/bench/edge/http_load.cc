#include "tests/bench/edge/http_load.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "absl/strings/match.h"
#include "absl/time/clock.h"

#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::bench {
namespace {

constexpr std::string_view kLength = "content-length: ";

struct Response {
  int status = 0;
  std::size_t size = 0;
  bool last = false;  // the server closes the connection
};

// nullopt while the response is incomplete.
std::optional<Response> ParseResponse(std::string_view octets) {
  const std::size_t end = octets.find("\r\n\r\n");
  if (end == std::string_view::npos) return std::nullopt;
  const std::string_view head = octets.substr(0, end + 2);
  Response response{.size = end + 4};
  std::from_chars(head.data() + 9, head.data() + 12, response.status);
  for (std::size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    const std::string_view line = head.substr(at + 2);
    if (absl::StartsWithIgnoreCase(ToAbsl(line), ToAbsl(kLength))) {
      std::size_t length = 0;
      std::from_chars(line.data() + kLength.size(), line.data() + line.size(), length);
      response.size += length;
    }
    response.last |= absl::StartsWithIgnoreCase(ToAbsl(line), "connection: close");
  }
  if (octets.size() < response.size) return std::nullopt;
  return response;
}

class Client {
 public:
  explicit Client(const HttpLoad& load) : load_(load), epoll_(epoll_create1(0)) {}
  ~Client() {
    for (const Connection& each : connections_) close(each.socket);
    close(epoll_);
  }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  absl::Status Run() {
    connections_.resize(static_cast<std::size_t>(load_.connections));
    for (Connection& each : connections_) {
      LMSMAIL_RETURN_IF_ERROR(Connect(each));
      LMSMAIL_RETURN_IF_ERROR(SendNext(each));
    }
    std::array<epoll_event, 64> events;
    while (answered_ < load_.count) {
      const int ready = epoll_wait(epoll_, events.data(), events.size(), 60'000);
      if (ready <= 0) return absl::DeadlineExceededError("the server does not answer");
      for (int i = 0; i < ready; ++i) {
        LMSMAIL_RETURN_IF_ERROR(
            Receive(connections_[events.at(static_cast<std::size_t>(i)).data.u32]));
      }
    }
    return absl::OkStatus();
  }

 private:
  struct Connection {
    int socket = -1;
    std::string input = {};
  };

  absl::Status Connect(Connection& connection) {
    if (connection.socket >= 0) close(connection.socket);
    connection.socket = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(load_.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(connection.socket, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      return absl::UnavailableError("the server refuses the connection");
    }
    const int on = 1;
    setsockopt(connection.socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(&connection - connections_.data());
    epoll_ctl(epoll_, EPOLL_CTL_ADD, connection.socket, &event);
    return absl::OkStatus();
  }

  absl::Status SendNext(Connection& connection) {
    if (sent_ == load_.count) return absl::OkStatus();
    const std::string request = load_.request(sent_++);
    for (std::size_t written = 0; written < request.size();) {
      const ssize_t octets =
          send(connection.socket, request.data() + written, request.size() - written, MSG_NOSIGNAL);
      if (octets <= 0) return absl::UnavailableError("the connection broke");
      written += static_cast<std::size_t>(octets);
    }
    return absl::OkStatus();
  }

  absl::Status Receive(Connection& connection) {
    std::array<char, 16384> buffer;
    const ssize_t octets = recv(connection.socket, buffer.data(), buffer.size(), 0);
    if (octets <= 0) return absl::UnavailableError("the connection broke");
    connection.input.append(buffer.data(), static_cast<std::size_t>(octets));
    const std::optional<Response> response = ParseResponse(connection.input);
    if (!response) return absl::OkStatus();
    if (response->status != load_.status) {
      return absl::InternalError(fmt::format("status {}: {}", response->status, connection.input));
    }
    connection.input.clear();
    ++answered_;
    if (response->last) LMSMAIL_RETURN_IF_ERROR(Connect(connection));
    return SendNext(connection);
  }

  const HttpLoad& load_;
  const int epoll_;
  std::vector<Connection> connections_;
  std::int64_t sent_ = 0;
  std::int64_t answered_ = 0;
};

}  // namespace

absl::StatusOr<Report> SendRequests(const HttpLoad& load) {
  const absl::Time start = absl::Now();
  LMSMAIL_RETURN_IF_ERROR(Client(load).Run());
  return Report{.count = load.count, .elapsed = absl::Now() - start};
}

}  // namespace lmsmail::bench
