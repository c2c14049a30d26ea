#include "libs/rpc/tls.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>
#include <string>

#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/server.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/tls_folder.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::v1::EchoRequest;
namespace pb = testing::v1;

class TlsTest : public ::testing::Test {
 protected:
  void Start(const TlsFiles& files) {
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({.tls = files}, {Host<pb::EchoService>(service_)}));
  }

  // With a connection of its own.
  absl::Status Echo(std::optional<TlsFiles> client, absl::Duration timeout = absl::Seconds(20)) {
    auto channel = NewChannel(
        {.target = fmt::format("127.0.0.1:{}", server_->port()), .tls = std::move(client)});
    if (!channel.ok()) return channel.status();
    const auto stub = pb::EchoService::NewStub(*channel);
    return Call(*stub, &pb::EchoService::StubInterface::Echo, EchoRequest(), WithTimeout(timeout))
        .status();
  }

  const TlsFolder tls_;
  const TlsFolder other_;
  TestRunner runner_;
  EchoService service_{runner_.get()};
  std::unique_ptr<Server> server_;
};

TEST_F(TlsTest, ServesClientsThatTrustTheAuthority) {
  TlsFiles files = tls_.Issue("server", "IP:127.0.0.1");
  files.authorities.clear();
  Start(files);
  EXPECT_OK(Echo(tls_.Trust()));
  EXPECT_THAT(Echo(other_.Trust(), absl::Seconds(1)), Not(IsOk()));
  EXPECT_THAT(Echo(std::nullopt, absl::Seconds(1)), Not(IsOk()));
}

TEST_F(TlsTest, ClientsRefuseAServerOfAnotherName) {
  TlsFiles files = tls_.Issue("server", "DNS:other.example");
  files.authorities.clear();
  Start(files);
  EXPECT_THAT(Echo(tls_.Trust(), absl::Seconds(1)), Not(IsOk()));
}

TEST_F(TlsTest, MutualTlsRefusesClientsWithoutACertificateOfTheAuthority) {
  Start(tls_.Issue("server", "IP:127.0.0.1"));
  EXPECT_OK(Echo(tls_.Issue("client", "DNS:client.example")));
  EXPECT_THAT(Echo(tls_.Trust(), absl::Seconds(1)), Not(IsOk()));
  TlsFiles foreign = other_.Issue("client", "DNS:client.example");
  foreign.authorities = tls_.Trust().authorities;
  EXPECT_THAT(Echo(foreign, absl::Seconds(1)), Not(IsOk()));
}

TEST_F(TlsTest, TakesOverACertificateThatWasReplaced) {
  TlsFiles files = tls_.Issue("server", "DNS:not-yet.example");
  files.authorities.clear();
  files.refresh_interval = absl::Seconds(1);
  Start(files);
  EXPECT_THAT(Echo(tls_.Trust(), absl::Seconds(1)), Not(IsOk()));
  ASSERT_OK_AND_ASSIGN(
      const auto channel,
      NewChannel({.target = fmt::format("127.0.0.1:{}", server_->port()), .tls = tls_.Trust()}));
  tls_.Issue("server", "IP:127.0.0.1");
  EXPECT_TRUE(channel->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(30))));
}

TEST_F(TlsTest, RefusesAKeyThatOthersMayRead) {
  const TlsFiles files = tls_.Issue("server", "IP:127.0.0.1");
  std::filesystem::permissions(files.key, std::filesystem::perms(0644));
  EXPECT_THAT(Server::Start({.tls = files}, {}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod go-rwx")));
  EXPECT_THAT(NewChannel({.target = "127.0.0.1:1", .tls = files}),
              StatusIs(absl::StatusCode::kPermissionDenied, HasSubstr("chmod go-rwx")));
}

TEST_F(TlsTest, NamesTheUnreadableFile) {
  TlsFiles files = tls_.Issue("server", "IP:127.0.0.1");
  files.key = tls_.Path("missing");
  EXPECT_THAT(Server::Start({.tls = files}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/missing")));
  EXPECT_THAT(NewChannel({.target = "127.0.0.1:1", .tls = files}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/missing")));
}

}  // namespace
}  // namespace lmsmail::rpc
