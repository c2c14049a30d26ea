#include "libs/service/main.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <pqxx/pqxx>
#include <string>
#include <thread>
#include <vector>

#include "absl/time/clock.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/health_check.h"
#include "libs/rpc/testing/echo.grpc.pb.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/service/testing/memory_attack.h"
#include "libs/service/testing/service_process.h"
#include "libs/testing/sanitizer_options.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
namespace pb = lmsmail::testing::v1;

constexpr absl::Duration kTimeout = absl::Seconds(30);

std::string Demo() { return LMSMAIL_DEMO_BINARY; }

std::vector<std::string> Flags(const std::string& dsn) {
  return {"--postgres.dsn=" + dsn, "--postgres.probe_interval=20ms"};
}

std::shared_ptr<grpc::Channel> ChannelTo(int port) {
  return *rpc::NewChannel({.target = fmt::format("127.0.0.1:{}", port)});
}

absl::StatusOr<pb::EchoResponse> Echo(const std::shared_ptr<grpc::Channel>& channel,
                                      const std::string& text) {
  pb::EchoRequest request;
  request.set_text(text);
  const auto stub = pb::EchoService::NewStub(channel);
  return rpc::Call(*stub, &pb::EchoService::StubInterface::Echo, request,
                   rpc::WithTimeout(kTimeout));
}

TEST(MainTest, PrintsAllErrorsOfTheConfigurationOnOneLine) {
  ServiceProcess demo(Demo(), {"--rpc.threats=8", "--drain_timeout=soon"});
  EXPECT_EQ(demo.WaitForExit(), 2);
  EXPECT_THAT(demo.log(), AllOf(HasSubstr("demo: "), HasSubstr("rpc.threats"),
                                HasSubstr("drain_timeout"), HasSubstr("postgres.dsn")));
  EXPECT_EQ(std::ranges::count(demo.log(), '\n'), 1) << demo.log();
}

TEST(MainTest, RefusesAPasswordOutsideAFile) {
  ServiceProcess demo(Demo(), Flags("postgresql://lms:hunter2@db/lms"));
  EXPECT_EQ(demo.WaitForExit(), 2);
  EXPECT_THAT(demo.log(), AllOf(HasSubstr("postgres.dsn_file"), Not(HasSubstr("hunter2"))));
}

TEST(MainTest, ExitsWhenThePortIsInUse) {
  ASSERT_OK_AND_ASSIGN(const auto other, rpc::Server::Start({}, {}));
  auto flags = Flags("host=/nonexistent dbname=x");
  flags.push_back(fmt::format("--listen=127.0.0.1:{}", other->port()));
  ServiceProcess demo(Demo(), flags);
  EXPECT_EQ(demo.WaitForExit(), 1);
  EXPECT_THAT(demo.log(), HasSubstr(fmt::format("127.0.0.1:{}", other->port())));
}

TEST(MainTest, WaitsForTheDatabaseAndLogsIt) {
  ServiceProcess demo(Demo(), Flags("host=/nonexistent dbname=x"));
  const auto channel = ChannelTo(demo.WaitForPort());
  EXPECT_NE(demo.WaitForLine("waiting for the database"), "");
  EXPECT_THAT(rpc::IsServing(channel, ""), IsOkAndHolds(false));
  EXPECT_THAT(rpc::IsServing(channel, "lmsmail.testing.v1.EchoService"), IsOkAndHolds(false));
  EXPECT_THAT(Echo(channel, "x"), rpc::HasReason("NOT_READY"));
  demo.Signal(SIGTERM);
  EXPECT_EQ(demo.WaitForExit(), 0);
  EXPECT_THAT(demo.log(), Not(HasSubstr("workers started")));
}

TEST(MainTest, MigratesServesAndStopsCleanly) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  for (const int signal : {SIGTERM, SIGINT}) {
    ServiceProcess demo(Demo(), Flags(dsn));
    const int port = demo.WaitForPort();
    ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
    EXPECT_THAT(demo.log(), HasSubstr("workers started"));
    // The channel is destroyed at once: an idle one takes seconds to notice the shutdown.
    ASSERT_OK_AND_ASSIGN(const pb::EchoResponse response, Echo(ChannelTo(port), "x"));
    EXPECT_EQ(response.text(), "from the database");
    demo.Signal(signal);
    EXPECT_EQ(demo.WaitForExit(), 0);
    EXPECT_THAT(demo.log(), HasSubstr("workers stopped"));
  }
}

// Opens connections to `port` until the process at the other end has no file descriptor left.
class ManyConnections {
 public:
  ManyConnections(int port, int count) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    for (int i = 0; i < count; ++i) {
      fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
      connect(fds_.back(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    }
  }
  ~ManyConnections() { Close(); }
  void Close() {
    for (const int fd : fds_) close(fd);
    fds_.clear();
  }

 private:
  std::vector<int> fds_;
};

TEST(MainTest, EndsWhenTheListenerHasDiedOfTooManyConnections) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  std::vector<std::string> arguments = {"-c", R"(ulimit -n 100; exec "$0" "$@")", Demo()};
  for (const std::string& flag : Flags(dsn)) arguments.push_back(flag);
  arguments.emplace_back("--rpc.probe_interval=200ms");
  arguments.emplace_back("--drain_timeout=100ms");
  ServiceProcess demo("/bin/sh", arguments);
  const int port = demo.WaitForPort();
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
  ManyConnections connections(port, 200);
  EXPECT_NE(demo.WaitForLine("own listener does not answer"), "") << demo.log();
  connections.Close();  // the listener does not come back
  EXPECT_EQ(demo.WaitForExit(), 1);
  EXPECT_THAT(demo.log(), AllOf(HasSubstr("\"level\":\"error\""),
                                HasSubstr("accepts no connections any more")));
}

TEST(MainTest, BoundsItsMemoryWhateverIsSent) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  auto flags = Flags(dsn);
  flags.emplace_back("--rpc.stream_idle=2s");
  ServiceProcess demo(Demo(), flags);
  const int port = demo.WaitForPort();
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
  const std::int64_t before = demo.PeakMemory();
  const std::string echo = "/lmsmail.testing.v1.EchoService/";
  const AttackResult result =
      service::Run({.port = port,
                    .methods = {{echo + "Echo", {4}}, {echo + "Collect", {4}}},
                    .stream = echo + "Collect"});
  EXPECT_EQ(result.compressed_accepted, 0);
  EXPECT_EQ(result.large_accepted, 0);
  EXPECT_OK(Echo(ChannelTo(port), "x"));
  const std::int64_t peak = demo.PeakMemory();
  fmt::print("resident memory: {} MB before, {} MB at most; {} of {} calls refused\n", before >> 20,
             peak >> 20, result.refused, result.calls);
  if (kSanitized) GTEST_SKIP() << "the sanitizer's own memory hides that of the service";
  EXPECT_LT(peak, 300 << 20);
}

TEST(MainTest, FollowsTheStateOfTheDatabase) {
  ASSERT_OK_AND_ASSIGN(const auto database, postgres::EmbeddedPostgres::Create());
  ASSERT_OK_AND_ASSIGN(const std::string dsn, database->NewDatabase());
  ASSERT_OK(database->Stop());

  ServiceProcess demo(Demo(), Flags(dsn));
  const auto channel = ChannelTo(demo.WaitForPort());
  EXPECT_THAT(rpc::IsServing(channel, ""), IsOkAndHolds(false));
  for (int i = 0; i < 2; ++i) {
    ASSERT_OK(database->Start());
    ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
    EXPECT_OK(Echo(channel, "x"));
    ASSERT_OK(database->Stop());
    ASSERT_NE(demo.WaitForLine("not serving"), "") << demo.log();
    EXPECT_THAT(Echo(channel, "x"), StatusIs(absl::StatusCode::kUnavailable));
  }
  demo.Signal(SIGTERM);
  EXPECT_EQ(demo.WaitForExit(), 0);
}

TEST(MainTest, FinishesTheCallInFlightAtShutdown) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  ServiceProcess demo(Demo(), Flags(dsn));
  const auto channel = ChannelTo(demo.WaitForPort());
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();

  pqxx::connection connection(dsn);
  pqxx::work holder(connection);
  holder.exec("SELECT pg_advisory_xact_lock(1)");
  absl::StatusOr<pb::EchoResponse> result = absl::UnknownError("pending");
  std::thread caller([&] { result = Echo(channel, "lock"); });
  EXPECT_NE(demo.WaitForLine("waiting for the lock"), "");
  demo.Signal(SIGTERM);
  EXPECT_NE(demo.WaitForLine("stopping"), "");
  holder.commit();
  caller.join();
  EXPECT_OK(result);
  EXPECT_EQ(demo.WaitForExit(), 0);
}

TEST(MainTest, CancelsCallsThatExceedTheDrainTimeout) {
  ASSERT_OK_AND_ASSIGN(const std::string dsn, postgres::EmbeddedPostgres::Shared().NewDatabase());
  auto flags = Flags(dsn);
  flags.emplace_back("--drain_timeout=50ms");
  ServiceProcess demo(Demo(), flags);
  const auto channel = ChannelTo(demo.WaitForPort());
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();

  pqxx::connection connection(dsn);
  pqxx::work holder(connection);
  holder.exec("SELECT pg_advisory_xact_lock(1)");
  absl::StatusOr<pb::EchoResponse> result = pb::EchoResponse();
  std::thread caller([&] { result = Echo(channel, "lock"); });
  EXPECT_NE(demo.WaitForLine("waiting for the lock"), "");
  demo.Signal(SIGTERM);
  caller.join();
  EXPECT_THAT(result, Not(IsOk()));
  holder.commit();
  EXPECT_EQ(demo.WaitForExit(), 0);
}

}  // namespace
}  // namespace lmsmail::service
