#include "libs/telemetry/exposer.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::telemetry {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

int Connect(uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

std::string Get(uint16_t port, const std::string& path) {
  const int fd = Connect(port);
  std::string response;
  {
    const std::string request = "GET " + path + " HTTP/1.0\r\n\r\n";
    if (write(fd, request.data(), request.size()) == static_cast<ssize_t>(request.size())) {
      char buffer[4096];
      for (ssize_t n; (n = read(fd, buffer, sizeof buffer)) > 0;) response.append(buffer, n);
    }
  }
  close(fd);
  return response;
}

TEST(ExposerTest, ServesEveryMetricOnAFreePort) {
  Metrics metrics({.service = "dispatch", .version = "1.2.3"});
  metrics.AddCounter("lmsmail_sent_total", "Mails sent.").With().Increment();
  ASSERT_OK_AND_ASSIGN(const auto exposer, Exposer::Start("127.0.0.1:0", metrics));
  EXPECT_NE(exposer->port(), 0);
  EXPECT_THAT(Get(exposer->port(), "/metrics"),
              AllOf(StartsWith("HTTP/1."), HasSubstr(" 200 OK"),
                    HasSubstr("\nlmsmail_sent_total 1\n"), HasSubstr("\nprocess_open_fds ")));
}

TEST(ExposerTest, RefusesAPortInUse) {
  const Metrics metrics({.service = "dispatch", .version = "1.2.3"});
  ASSERT_OK_AND_ASSIGN(const auto first, Exposer::Start("127.0.0.1:0", metrics));
  const std::string address = "127.0.0.1:" + std::to_string(first->port());
  EXPECT_THAT(Exposer::Start(address, metrics),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
}

TEST(ExposerTest, DisconnectsClientsThatSendNoRequest) {
  const Metrics metrics({.service = "dispatch", .version = "1.2.3"});
  ASSERT_OK_AND_ASSIGN(const auto exposer, Exposer::Start("127.0.0.1:0", metrics));
  std::vector<int> clients;
  // More than there are threads: silent ones, and ones that stop within their request.
  for (int i = 0; i < 12; ++i) {
    clients.push_back(Connect(exposer->port()));
    if (i % 2 == 1) {
      EXPECT_EQ(write(clients.back(), "GET /metrics HT", 15), 15);
    }
  }
  EXPECT_THAT(Get(exposer->port(), "/metrics"), HasSubstr(" 200 OK"));
  for (const int fd : clients) {
    char buffer[4096];
    while (read(fd, buffer, sizeof buffer) > 0) {
    }
    close(fd);
  }
}

}  // namespace
}  // namespace lmsmail::telemetry
