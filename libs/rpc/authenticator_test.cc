#include "libs/rpc/authenticator.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/byte_buffer.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "libs/hash/sha256.h"
#include "libs/identity/caller_directory.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/health_check.h"
#include "libs/rpc/server.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/raw_call.h"
#include "libs/rpc/testing/tls_folder.h"
#include "libs/rpc/user_agent.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
namespace pb = testing::v1;

// Calls of the echo service, whose answer is the name of the caller.
class AuthenticatorTest : public ::testing::Test {
 protected:
  AuthenticatorTest() {
    tls_.folder().Write(
        "callers.yaml",
        fmt::format(
            "callers:\n"
            "  lms: {{roles: [sender], token_sha256: {}}}\n"
            "  editor: {{roles: [operator], token_sha256: {}}}\n"
            "  clerk: {{roles: [preference], token_sha256: {}}}\n"
            "  old: {{roles: [admin], token_sha256: {}, expire_time: "
            "2020-01-01T00:00:00Z}}\n"
            "  dispatch: {{roles: [viewer], certificate: [\"spiffe://lmsmail/dispatch\"]}}\n"
            "  report: {{roles: [sender], certificate: [report.school.example]}}\n",
            hash::Sha256Hex("lms-token"), hash::Sha256Hex("editor-token"),
            hash::Sha256Hex("clerk-token"), hash::Sha256Hex("old-token")));
  }

  void Start(std::optional<TlsFiles> tls, bool authenticate = true) {
    auto directory = identity::CallerDirectory::Open(tls_.Path("callers.yaml"), clock_);
    ASSERT_OK(directory);
    directory_ = *std::move(directory);
    const Authenticator authenticator = authenticate ? Authenticator(*directory_) : Authenticator();
    CallRunner::Options options = TestRunner::DefaultOptions();
    options.authenticator = authenticator;
    runner_ = std::make_unique<TestRunner>(options);
    service_ = std::make_unique<EchoService>(
        runner_->get(), [](const CallInfo& call, const EchoRequest&, EchoResponse& response) {
          response.set_text(call.caller.name);
          return absl::OkStatus();
        });
    ASSERT_OK_AND_ASSIGN(server_, Server::Start({.tls = tls, .authenticator = authenticator},
                                                {Host<pb::EchoService>(*service_)}));
    server_->SetServing(true);
  }
  void StartWithTls() { Start(tls_.Issue("server", "IP:127.0.0.1")); }

  std::shared_ptr<grpc::Channel> Channel(std::optional<TlsFiles> client = std::nullopt) {
    auto channel = NewChannel(
        {.target = fmt::format("127.0.0.1:{}", server_->port()), .tls = std::move(client)});
    EXPECT_OK(channel);
    return *channel;
  }

  static CallOptions With(const std::string& authorization) {
    CallOptions options = WithTimeout(absl::Seconds(20));
    options.authorization = authorization;
    return options;
  }
  // The name of the caller, as the server sees it.
  static absl::StatusOr<std::string> Call(const std::shared_ptr<grpc::Channel>& channel,
                                          const std::string& authorization = "") {
    const auto stub = pb::EchoService::NewStub(channel);
    const auto response =
        rpc::Call(*stub, &pb::EchoService::StubInterface::Echo, EchoRequest(), With(authorization));
    if (!response.ok()) return response.status();
    return response->text();
  }

  const TlsFolder tls_;
  const SystemClock clock_;
  std::unique_ptr<identity::CallerDirectory> directory_;
  std::unique_ptr<TestRunner> runner_;
  std::unique_ptr<EchoService> service_;
  std::unique_ptr<Server> server_;
};

TEST_F(AuthenticatorTest, KnowsCallersByTheirTokens) {
  StartWithTls();
  const auto channel = Channel(tls_.Trust());
  EXPECT_THAT(Call(channel, "Bearer lms-token"), IsOkAndHolds(std::string("lms")));
  EXPECT_THAT(Call(channel, "bearer editor-token"), IsOkAndHolds(std::string("editor")));
}

TEST_F(AuthenticatorTest, KnowsCallersByTheirCertificates) {
  StartWithTls();
  EXPECT_THAT(Call(Channel(tls_.Issue("a", "URI:spiffe://lmsmail/dispatch"))),
              IsOkAndHolds(std::string("dispatch")));
  EXPECT_THAT(Call(Channel(tls_.Issue("b", "DNS:report.school.example,DNS:other.example"))),
              IsOkAndHolds(std::string("report")));
}

TEST_F(AuthenticatorTest, RefusesCallsWithoutValidCredentials) {
  StartWithTls();
  const auto channel = Channel(tls_.Trust());
  EXPECT_THAT(Call(channel),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("no credentials")));
  for (const char* wrong : {"Bearer lms-tokeN", "Bearer ", "Basic bG1zOmxtcw==", "lms-token2"}) {
    EXPECT_THAT(Call(channel, wrong), StatusIs(absl::StatusCode::kUnauthenticated)) << wrong;
  }
  EXPECT_THAT(Call(channel, "Bearer old-token"),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("expired")));
  EXPECT_THAT(Call(Channel(tls_.Issue("c", "DNS:nobody.example"))),
              StatusIs(absl::StatusCode::kUnauthenticated, HasSubstr("names no caller")));
}

TEST_F(AuthenticatorTest, AWrongTokenIsNotRescuedByACertificate) {
  StartWithTls();
  const auto channel = Channel(tls_.Issue("a", "URI:spiffe://lmsmail/dispatch"));
  EXPECT_THAT(Call(channel, "Bearer wrong"), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(Call(channel, "Bearer lms-token"), IsOkAndHolds(std::string("lms")));
}

TEST_F(AuthenticatorTest, DeniesMethodsOfOtherRoles) {
  StartWithTls();
  const auto denied = Call(Channel(tls_.Trust()), "Bearer clerk-token");
  EXPECT_THAT(denied, StatusIs(absl::StatusCode::kPermissionDenied,
                               HasSubstr("it needs the role viewer or sender")));
  EXPECT_EQ(ReasonOf(denied.status()).reason, "ROLE_REQUIRED");
}

TEST_F(AuthenticatorTest, ChecksStreams) {
  StartWithTls();
  const auto channel = Channel(tls_.Trust());
  const auto collect = [&](const std::string& token) {
    grpc::ClientContext context;
    Apply(With("Bearer " + token), context);
    EchoResponse response;
    const auto stub = pb::EchoService::NewStub(channel);
    const auto writer = stub->Collect(&context, &response);
    writer->WritesDone();
    return FromGrpcStatus(writer->Finish());
  };
  EXPECT_OK(collect("lms-token"));
  EXPECT_THAT(collect("editor-token"), StatusIs(absl::StatusCode::kPermissionDenied));
  EXPECT_THAT(collect("x"), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(AuthenticatorTest, RefusesBeforeTheRequestIsParsed) {
  StartWithTls();
  const auto raw = [&](const std::string& token) {
    return FromGrpcStatus(CallRaw(Channel(tls_.Trust()), "/lmsmail.testing.v1.EchoService/Echo",
                                  {"\xff\xff"}, With("Bearer " + token))
                              .status);
  };
  EXPECT_THAT(raw("lms-token"), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(raw("wrong"), StatusIs(absl::StatusCode::kUnauthenticated));
  EXPECT_THAT(raw("clerk-token"), StatusIs(absl::StatusCode::kPermissionDenied));
}

TEST_F(AuthenticatorTest, HealthChecksNeedNoCredentials) {
  StartWithTls();
  EXPECT_THAT(IsServing(Channel(tls_.Trust()), ""), IsOkAndHolds(true));
}

TEST_F(AuthenticatorTest, ChecksTokensInPlainTextOnTheOwnMachine) {
  Start(std::nullopt);
  EXPECT_THAT(Call(Channel(), "Bearer lms-token"), IsOkAndHolds(std::string("lms")));
  EXPECT_THAT(Call(Channel()), StatusIs(absl::StatusCode::kUnauthenticated));
}

TEST_F(AuthenticatorTest, WithoutADirectoryOnlyServicesOfTheSuiteHaveNames) {
  Start(std::nullopt, /*authenticate=*/false);
  EXPECT_THAT(Call(Channel()), IsOkAndHolds(std::string("anonymous")));
  SetServiceName("scheduler");
  EXPECT_THAT(Call(Channel()), IsOkAndHolds(std::string("scheduler")));
  SetServiceName("unknown");
  EXPECT_THAT(Call(Channel()), IsOkAndHolds(std::string("anonymous")));
  SetServiceName("");
}

}  // namespace
}  // namespace lmsmail::rpc
