// What operators and tools rely on: health checks, metrics, configuration errors and shutdown.

#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <iterator>
#include <string>

#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "tests/integration/suite/suite_test.h"

namespace lmsmail::integration {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// Returns the full gRPC name of a service.
std::string FullName(std::string_view service) {
  if (service == "template") return templates::v1::TemplateService::service_full_name();
  if (service == "preference") return preference::v1::PreferenceService::service_full_name();
  if (service == "dispatch") return dispatch::v1::DispatchService::service_full_name();
  if (service == "report") return report::v1::ReportService::service_full_name();
  return scheduler::v1::SchedulerService::service_full_name();
}

// Returns the response to GET `path`, with its head.
std::string HttpGet(const std::string& target, std::string_view path) {
  const std::size_t colon = target.rfind(':');
  boost::asio::ip::tcp::iostream stream(target.substr(0, colon), target.substr(colon + 1));
  stream << "GET " << path << " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" << std::flush;
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

class OperationTest : public SuiteTest {};

TEST_F(OperationTest, HealthCheckCoversServerAndService) {
  for (const std::string_view service : suite().services()) {
    ASSERT_OK_AND_ASSIGN(const auto channel, rpc::NewChannel({.target = suite().Target(service)}));
    EXPECT_THAT(rpc::IsServing(channel, ""), IsOkAndHolds(true)) << service;
    EXPECT_THAT(rpc::IsServing(channel, FullName(service)), IsOkAndHolds(true)) << service;
    EXPECT_THAT(rpc::IsServing(channel, "lmsmail.nothing.v1.NoService"),
                StatusIs(absl::StatusCode::kNotFound))
        << service;
  }
}

TEST_F(OperationTest, ServesMetrics) {
  for (const std::string_view service : suite().services()) {
    EXPECT_THAT(HttpGet(suite().MetricsTarget(service), "/metrics"),
                AllOf(HasSubstr("200 OK"), HasSubstr("lmsmail_serving 1")))
        << service;
  }
}

TEST_F(OperationTest, SigtermStopsIdleService) {
  for (const std::string_view service : suite().services()) {
    EXPECT_THAT(suite().Terminate(service), IsOkAndHolds(0)) << service;
    EXPECT_THAT(suite().Log(service), HasSubstr("\"stopped\"")) << service;
    ASSERT_OK(suite().Restart(service));
  }
}

class ConfigurationTest : public ::testing::TestWithParam<std::string_view> {
 protected:
  // Runs the binary until it ends. Sets exit_code_ and output_.
  absl::Status Run(std::vector<std::string> flags) {
    flags.insert(flags.begin(), fmt::format("{}/lmsmail-{}", LMSMAIL_BINARIES, GetParam()));
    absl::StatusOr<Process> process = Process::Start(std::move(flags), folder_.path() / "log");
    if (!process.ok()) return process.status();
    const absl::StatusOr<int> code = process->WaitForExit(absl::Seconds(20));
    if (!code.ok()) return code.status();
    exit_code_ = *code;
    output_ = process->Output();
    return absl::OkStatus();
  }

  TemporaryFolder folder_;
  int exit_code_ = -1;
  std::string output_;
};

INSTANTIATE_TEST_SUITE_P(Services, ConfigurationTest, ::testing::ValuesIn(kServices),
                         [](const auto& each) { return std::string(each.param); });

TEST_P(ConfigurationTest, RejectsUnknownKeys) {
  folder_.Write("config.yaml", "postgres:\n  dns: host=/nowhere\n");
  ASSERT_OK(Run({fmt::format("--config={}", (folder_.path() / "config.yaml").string()),
                 "--lisen=127.0.0.1:0"}));
  EXPECT_EQ(exit_code_, 2);
  EXPECT_THAT(output_, AllOf(HasSubstr("postgres.dns"), HasSubstr("config.yaml:2"),
                             HasSubstr("postgres.dsn"), HasSubstr("lisen"), HasSubstr("listen")));
}

TEST_P(ConfigurationTest, HelpListsTheKeys) {
  ASSERT_OK(Run({"--help"}));
  EXPECT_EQ(exit_code_, 0);
  EXPECT_THAT(output_, AllOf(HasSubstr("postgres.dsn"), HasSubstr("metrics_listen"),
                             HasSubstr("drain_timeout")));
}

}  // namespace
}  // namespace lmsmail::integration
