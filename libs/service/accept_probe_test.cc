#include "libs/service/accept_probe.h"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/rpc/server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::HasSubstr;

// A listener from which nobody accepts.
class DeadListener {
 public:
  DeadListener() : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    EXPECT_EQ(bind(fd_, reinterpret_cast<const sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    port_ = ntohs(address.sin_port);
  }
  ~DeadListener() { Close(); }
  void Close() {
    if (fd_ >= 0) close(fd_);
    fd_ = -1;
  }
  std::uint16_t port() const { return port_; }

 private:
  int fd_;
  std::uint16_t port_ = 0;
};

TEST(ProbeListenerTest, TellsALiveServerFromAListenerThatNobodyAcceptsFrom) {
  ASSERT_OK_AND_ASSIGN(const auto server, rpc::Server::Start({}, {}));
  EXPECT_OK(
      ProbeListener("127.0.0.1", static_cast<std::uint16_t>(server->port()), absl::Seconds(20)));
  EXPECT_OK(
      ProbeListener("0.0.0.0", static_cast<std::uint16_t>(server->port()), absl::Seconds(20)));
  DeadListener dead;
  EXPECT_THAT(ProbeListener("127.0.0.1", dead.port(), absl::Milliseconds(20)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("not accepted")));
  dead.Close();
  EXPECT_THAT(ProbeListener("127.0.0.1", dead.port(), absl::Milliseconds(20)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("refuses connections")));
}

TEST(AcceptProbeTest, FailsOnceAfterFailuresInARow) {
  const absl::Status down = absl::UnavailableError("down");
  const std::vector<absl::Status> results = {down, down, absl::OkStatus(), down, down, down};
  std::atomic<std::size_t> probes = 0;
  absl::Notification failed;  // a second Notify() aborts
  AcceptProbe probe([&] { return results.at(probes++); }, absl::ZeroDuration(),
                    [&] { failed.Notify(); });
  failed.WaitForNotification();
  probe.Stop();
  EXPECT_EQ(probes, results.size());
  EXPECT_THAT(probe.error(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("down")));
}

}  // namespace
}  // namespace lmsmail::service
