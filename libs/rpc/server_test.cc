#include "libs/rpc/server.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"

#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/health_check.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/echo_service.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::rpc {
namespace {

using ::testing::HasSubstr;
using testing::v1::EchoRequest;
using testing::v1::EchoResponse;
namespace pb = testing::v1;

constexpr char kEchoService[] = "lmsmail.testing.v1.EchoService";

absl::StatusOr<EchoResponse> Echo(const std::shared_ptr<grpc::Channel>& channel,
                                  absl::Duration timeout = absl::Seconds(20)) {
  const auto stub = pb::EchoService::NewStub(channel);
  return Call(*stub, &pb::EchoService::StubInterface::Echo, EchoRequest(), WithTimeout(timeout));
}

TEST(ServerTest, HealthFollowsSetServingForTheServerAndEachService) {
  TestRunner runner;
  EchoService service(runner.get());
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start({}, {Host<pb::EchoService>(service)}));
  ASSERT_OK_AND_ASSIGN(const auto channel,
                       NewChannel({.target = fmt::format("127.0.0.1:{}", server->port())}));
  for (const char* name : {"", kEchoService}) {
    server->SetServing(false);
    EXPECT_THAT(IsServing(channel, name), IsOkAndHolds(false)) << name;
    server->SetServing(true);
    EXPECT_THAT(IsServing(channel, name), IsOkAndHolds(true)) << name;
  }
  EXPECT_THAT(IsServing(channel, "no.such.Service"), StatusIs(absl::StatusCode::kNotFound));
}

TEST(ServerTest, StartsAsNotServing) {
  TestRunner runner;
  EchoService service(runner.get());
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start({}, {Host<pb::EchoService>(service)}));
  ASSERT_OK_AND_ASSIGN(const auto channel,
                       NewChannel({.target = fmt::format("127.0.0.1:{}", server->port())}));
  EXPECT_THAT(IsServing(channel, ""), IsOkAndHolds(false));
  EXPECT_THAT(IsServing(channel, kEchoService), IsOkAndHolds(false));
}

TEST(ServerTest, RefusesAPortInUse) {
  ASSERT_OK_AND_ASSIGN(const auto first, Server::Start({}, {}));
  const std::string address = fmt::format("127.0.0.1:{}", first->port());
  EXPECT_THAT(Server::Start({.listen = address}, {}),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr(address)));
}

TEST(ServerTest, RefusesMessagesBeyondTheLimit) {
  TestRunner runner;
  EchoService service(runner.get());
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start({.max_receive_bytes = 1000},
                                                        {Host<pb::EchoService>(service)}));
  ASSERT_OK_AND_ASSIGN(const auto channel,
                       NewChannel({.target = fmt::format("127.0.0.1:{}", server->port())}));
  const auto stub = pb::EchoService::NewStub(channel);
  EchoRequest request;
  request.set_text(std::string(2000, 'x'));
  EXPECT_THAT(
      Call(*stub, &pb::EchoService::StubInterface::Echo, request, WithTimeout(absl::Seconds(20))),
      StatusIs(absl::StatusCode::kResourceExhausted));
}

TEST(ServerTest, RefusesCompressedRequests) {
  TestRunner runner;
  EchoService service(runner.get());
  InProcessServer server({Host<pb::EchoService>(service)});
  const auto stub = server.NewStub<pb::EchoService>();
  EchoRequest request;
  request.set_text(std::string(100'000, 'x'));
  for (const grpc_compression_algorithm algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
    grpc::ClientContext context;
    context.set_compression_algorithm(algorithm);
    EchoResponse response;
    const grpc::Status status = stub->Echo(&context, request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::UNIMPLEMENTED);
    EXPECT_THAT(status.error_message(), HasSubstr("is disabled"));
  }
}

TEST(ServerTest, RefusesALargeRequestThatIsNoBatch) {
  TestRunner runner;
  EchoService service(runner.get());
  InProcessServer server({Host<pb::EchoService>(service)});
  const auto stub = server.NewStub<pb::EchoService>();
  EchoRequest request;
  request.set_text(std::string(3 << 20, 'x'));
  EXPECT_THAT(
      Call(*stub, &pb::EchoService::StubInterface::Echo, request, WithTimeout(absl::Seconds(20))),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("of at most 2097152")));
}

TEST(ServerTest, RefusesARequestOfManyValuesBeforeItIsParsed) {
  TestRunner runner;
  EchoService service(runner.get());
  InProcessServer server({Host<pb::EchoService>(service)});
  const auto stub = server.NewStub<pb::EchoService>();
  EchoRequest request;
  auto& values = *(*request.mutable_context()->mutable_fields())["x"].mutable_list_value();
  for (int i = 0; i < 250'000; ++i) values.add_values()->mutable_struct_value();
  EXPECT_THAT(
      Call(*stub, &pb::EchoService::StubInterface::Echo, request, WithTimeout(absl::Seconds(20))),
      StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bytes of memory")));
}

TEST(ServerTest, ShutdownFinishesCallsInFlightAndRefusesNewOnes) {
  absl::Notification began;
  absl::Notification release;
  TestRunner runner;
  EchoService service(runner.get(), [&](const CallInfo&, const EchoRequest&, EchoResponse& out) {
    if (!began.HasBeenNotified()) began.Notify();
    release.WaitForNotification();
    out.set_text("finished");
    return absl::OkStatus();
  });
  InProcessServer server({Host<pb::EchoService>(service)});

  absl::StatusOr<EchoResponse> in_flight = absl::UnknownError("pending");
  std::thread caller([&] { in_flight = Echo(server.channel()); });
  began.WaitForNotification();
  std::thread stopper([&] { server.server().Shutdown(absl::Now() + absl::Seconds(20)); });
  // Each attempt opens its own connection, which the server refuses once it shuts down. An attempt
  // at that very moment may be CANCELLED.
  const absl::Time give_up = absl::Now() + absl::Seconds(20);
  absl::Status refused;
  do {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    refused = IsServing(grpc::CreateCustomChannel(server.target(),
                                                  grpc::InsecureChannelCredentials(), arguments),
                        "")
                  .status();
  } while (!absl::IsUnavailable(refused) && absl::Now() < give_up);
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kUnavailable));
  release.Notify();
  stopper.join();
  caller.join();
  ASSERT_OK(in_flight);
  EXPECT_EQ(in_flight->text(), "finished");
}

TEST(ServerTest, ShutdownCancelsCallsAtTheDeadline) {
  absl::Notification began;
  std::atomic<bool> cancelled = false;
  TestRunner runner;
  EchoService service(runner.get(), [&](const CallInfo& call, const EchoRequest&, EchoResponse&) {
    began.Notify();
    while (!call.Cancelled() && absl::Now() < call.deadline) std::this_thread::yield();
    cancelled = call.Cancelled();
    return absl::OkStatus();
  });
  InProcessServer server({Host<pb::EchoService>(service)});
  absl::StatusOr<EchoResponse> result = EchoResponse();
  std::thread caller([&] {
    result = Echo(grpc::CreateChannel(server.target(), grpc::InsecureChannelCredentials()));
  });
  began.WaitForNotification();
  server.server().Shutdown(absl::Now());
  caller.join();
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(result.ok());
}

TEST(ChannelTest, RetriesOnlyUnavailable) {
  std::atomic<int> tries = 0;
  std::atomic<absl::StatusCode> error = absl::StatusCode::kUnavailable;
  TestRunner runner;
  EchoService service(runner.get(), [&](const CallInfo&, const EchoRequest&, EchoResponse&) {
    return ++tries < 3 ? absl::Status(error, "not now") : absl::OkStatus();
  });
  InProcessServer server({Host<pb::EchoService>(service)});
  EXPECT_OK(Echo(server.channel()));
  EXPECT_EQ(tries, 3);
  for (const auto code : {absl::StatusCode::kAborted, absl::StatusCode::kDeadlineExceeded,
                          absl::StatusCode::kInternal}) {
    tries = 0;
    error = code;
    EXPECT_THAT(Echo(server.channel()), StatusIs(code));
    EXPECT_EQ(tries, 1);
  }
}

class TlsTest : public ::testing::Test {
 protected:
  // A key and a certificate for 127.0.0.1 that is its own authority.
  void SetUp() override {
    std::string pattern = (std::filesystem::temp_directory_path() / "tls_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    directory_ = pattern;
    const std::string command = fmt::format(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
        "-subj /CN=test -addext subjectAltName=IP:127.0.0.1 -keyout {0}/key -out {0}/cert "
        "2>{0}/log",
        directory_);
    ASSERT_EQ(std::system(command.c_str()), 0) << "needs the openssl command";
    files_ = {.certificate = directory_ + "/cert", .key = directory_ + "/key", .authorities = ""};
  }
  ~TlsTest() override {
    if (!directory_.empty()) std::filesystem::remove_all(directory_);
  }

  std::string directory_;
  TlsFiles files_;
  TestRunner runner_;
  EchoService service_{runner_.get()};
};

TEST_F(TlsTest, ServesClientsThatTrustTheCertificate) {
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start({.tls = files_}, {Host<pb::EchoService>(service_)}));
  const std::string target = fmt::format("127.0.0.1:{}", server->port());
  ASSERT_OK_AND_ASSIGN(
      const auto trusting,
      NewChannel({.target = target, .tls = TlsFiles{.authorities = files_.certificate}}));
  EXPECT_OK(Echo(trusting));
  ASSERT_OK_AND_ASSIGN(const auto plain, NewChannel({.target = target}));
  EXPECT_THAT(Echo(plain, absl::Seconds(1)), ::testing::Not(IsOk()));
}

TEST_F(TlsTest, MutualTlsRefusesClientsWithoutACertificate) {
  TlsFiles mutual = files_;
  mutual.authorities = files_.certificate;
  ASSERT_OK_AND_ASSIGN(const auto server,
                       Server::Start({.tls = mutual}, {Host<pb::EchoService>(service_)}));
  const std::string target = fmt::format("127.0.0.1:{}", server->port());
  ASSERT_OK_AND_ASSIGN(const auto known, NewChannel({.target = target, .tls = mutual}));
  EXPECT_OK(Echo(known));
  ASSERT_OK_AND_ASSIGN(
      const auto anonymous,
      NewChannel({.target = target, .tls = TlsFiles{.authorities = files_.certificate}}));
  EXPECT_THAT(Echo(anonymous, absl::Seconds(1)), ::testing::Not(IsOk()));
}

TEST_F(TlsTest, NamesTheUnreadableFile) {
  files_.key = directory_ + "/missing";
  EXPECT_THAT(Server::Start({.tls = files_}, {}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("/missing")));
}

}  // namespace
}  // namespace lmsmail::rpc
