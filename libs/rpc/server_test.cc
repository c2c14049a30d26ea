#include "libs/rpc/server.h"

#include <fmt/format.h>
#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>

#include <atomic>
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
#include "libs/rpc/testing/raw_call.h"
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

TEST(ServerTest, IsAliveOnItsHealthPortAlsoWhileItDoesNotServe) {
  TestRunner runner;
  EchoService service(runner.get());
  ASSERT_OK_AND_ASSIGN(const auto server, Server::Start({.health_listen = "127.0.0.1:0"},
                                                        {Host<pb::EchoService>(service)}));
  ASSERT_OK_AND_ASSIGN(const auto channel,
                       NewChannel({.target = fmt::format("127.0.0.1:{}", server->health_port())}));
  EXPECT_THAT(IsServing(channel, kLiveness), IsOkAndHolds(true));
  EXPECT_THAT(IsServing(channel, ""), IsOkAndHolds(false));
  server->SetServing(true);
  EXPECT_THAT(IsServing(channel, ""), IsOkAndHolds(true));
  EXPECT_THAT(Echo(channel), StatusIs(absl::StatusCode::kUnimplemented));
}

TEST(ServerTest, HasReflectionUnlessItIsSwitchedOff) {
  TestRunner runner;
  EchoService service(runner.get());
  for (const bool reflection : {true, false}) {
    ASSERT_OK_AND_ASSIGN(const auto server, Server::Start({.reflection = reflection},
                                                          {Host<pb::EchoService>(service)}));
    ASSERT_OK_AND_ASSIGN(const auto channel,
                         NewChannel({.target = fmt::format("127.0.0.1:{}", server->port())}));
    const RawResult result =
        CallRaw(channel, "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {},
                WithTimeout(absl::Seconds(20)));
    EXPECT_EQ(result.status.error_code(),
              reflection ? grpc::StatusCode::OK : grpc::StatusCode::UNIMPLEMENTED);
  }
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

}  // namespace
}  // namespace lmsmail::rpc
