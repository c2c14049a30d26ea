#include "libs/http_server/testing/raw_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <iterator>
#include <utility>

namespace lmsmail::http_server::testing {

RawClient::RawClient(uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const timeval timeout = {.tv_sec = 20, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ended_ = true;
  }
}

RawClient::~RawClient() { ::close(socket_); }

bool RawClient::Send(std::string_view octets) {
  while (!octets.empty()) {
    const ssize_t sent = ::send(socket_, octets.data(), octets.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    octets.remove_prefix(static_cast<size_t>(sent));
  }
  return true;
}

void RawClient::FinishSending() { ::shutdown(socket_, SHUT_WR); }

bool RawClient::Fill() {
  std::array<char, 64 << 10> buffer;
  const ssize_t size = ::recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) {
    // A reset also ends the connection; a timeout, with EAGAIN, does not.
    ended_ = ended_ || size == 0 || errno != EAGAIN;
    return false;
  }
  received_.append(buffer.data(), static_cast<size_t>(size));
  return true;
}

RawResponse RawClient::Receive(bool head) {
  size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  RawResponse response;
  std::string_view lines = std::string_view(received_).substr(0, end + 2);
  response.status = std::atoi(std::string(lines.substr(lines.find(' ') + 1, 3)).c_str());
  lines.remove_prefix(lines.find("\r\n") + 2);
  while (!lines.empty()) {
    const std::string_view line = lines.substr(0, lines.find("\r\n"));
    lines.remove_prefix(line.size() + 2);
    const size_t colon = line.find(": ");
    if (colon == std::string_view::npos) return {};
    response.headers.Add(std::string(line.substr(0, colon)), std::string(line.substr(colon + 2)));
  }
  received_.erase(0, end + 4);
  const size_t size =
      head
          ? 0
          : std::strtoull(std::string(response.headers.Get("Content-Length")).c_str(), nullptr, 10);
  while (received_.size() < size) {
    if (!Fill()) return {};
  }
  response.body = received_.substr(0, size);
  received_.erase(0, size);
  return response;
}

std::string RawClient::ReceiveAll() {
  while (Fill()) {
  }
  return std::exchange(received_, {});
}

std::string PostRequest(std::string_view path, const Headers& headers, std::string_view body) {
  std::string request = fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n", path);
  for (const Header& field : headers) {
    fmt::format_to(std::back_inserter(request), "{}: {}\r\n", field.name, field.value);
  }
  fmt::format_to(std::back_inserter(request), "Content-Length: {}\r\n\r\n", body.size());
  request.append(body);
  return request;
}

}  // namespace lmsmail::http_server::testing
