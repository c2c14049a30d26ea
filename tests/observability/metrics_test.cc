// Running services export what the rules and dashboards use, and tell what they are.

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "tests/integration/suite/gateway.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/suite_test.h"
#include "tests/observability/scrape.h"

namespace lmsmail::observability {
namespace {

using integration::Gateway;
using integration::NumberIn;
using integration::Process;
using ::testing::ContainsRegex;

class MetricsTest : public integration::SuiteTest {
 protected:
  // Returns the path of a file with the metrics at `target`.
  static std::string Save(std::string_view service, const std::string& target) {
    const std::string path = suite().folder() / fmt::format("{}.metrics", service);
    std::ofstream(path) << Scrape(target);
    return path;
  }
};

TEST_F(MetricsTest, SuitTheRulesAndDashboards) {
  ASSERT_OK(Register(suite(), {"zoe"}));
  ASSERT_OK(Publish(suite(), {integration::Paid("e-1", "zoe", "pay-1")}));
  ASSERT_OK(suite().inbox().WaitForOne(integration::AddressOf("zoe")));
  ASSERT_OK(integration::WaitUntilQueueIsEmpty(suite().dispatch()));
  ASSERT_OK_AND_ASSIGN(const std::unique_ptr<Gateway> gateway, Gateway::Start(suite()));
  gateway->Send("GET /u/none HTTP/1.1\r\nHost: x\r\n\r\n");
  ASSERT_OK_AND_ASSIGN(const int gateway_metrics, NumberIn(gateway->Log(), "metrics_port"));

  std::vector<std::string> argv = {"/usr/bin/python3", LMSMAIL_CHECK, "--exported",
                                   Save("gateway", fmt::format("127.0.0.1:{}", gateway_metrics))};
  for (const std::string_view service : suite().services()) {
    argv.push_back(Save(service, suite().MetricsTarget(service)));
  }
  ASSERT_OK_AND_ASSIGN(Process check, Process::Start(argv, suite().folder() / "check.log"));
  ASSERT_OK_AND_ASSIGN(const int code, check.WaitForExit(integration::kTimeout));
  EXPECT_EQ(code, 0) << check.Output();
}

TEST_F(MetricsTest, TheVersionSaysTheCommit) {
  const std::string metrics = Scrape(suite().MetricsTarget("dispatch"));
  EXPECT_THAT(metrics, ContainsRegex("\nlmsmail_build_info\\{commit=\"([0-9a-f]{12}(-dirty)?|"
                                     "unknown)\",service=\"dispatch\",version=\"[0-9.]+\"\\} 1\n"));
  ASSERT_OK_AND_ASSIGN(
      Process process,
      Process::Start({fmt::format("{}/lmsmail-gateway", LMSMAIL_BINARIES), "--version"},
                     suite().folder() / "version.log"));
  ASSERT_OK_AND_ASSIGN(const int code, process.WaitForExit(integration::kTimeout));
  EXPECT_EQ(code, 0);
  EXPECT_THAT(process.Output(), ContainsRegex("^lmsmail-gateway [0-9.]+ \\(commit [0-9a-z-]+\\)"));
}

}  // namespace
}  // namespace lmsmail::observability
