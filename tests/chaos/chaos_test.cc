#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <string_view>

#include "libs/testing/temporary_folder.h"
#include "tests/chaos/experiment.h"
#include "tests/chaos/faults.h"
#include "tests/chaos/report.h"

namespace lmsmail::chaos {
namespace {

// The faults that have found most bugs; tests/chaos/run has all.
class ChaosTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(ChaosTest, LosesNothing) {
  const Fault* const fault = FindFault(GetParam());
  ASSERT_NE(fault, nullptr);
  const TemporaryFolder folder;
  const Result result = RunExperiment(*fault, Length::kShort, folder.path());
  const std::string table = Table({&result, 1});
  EXPECT_TRUE(result.ok()) << table;
  EXPECT_GT(result.verdict.accepted, 0);
  std::fputs(table.c_str(), stdout);
}

INSTANTIATE_TEST_SUITE_P(Faults, ChaosTest,
                         ::testing::Values("kill-dispatch", "stop-dispatch", "kill-postgres",
                                           "lose-postgres", "lose-commits", "cut-smtp",
                                           "drop-after-dot", "preference-down",
                                           "provider-errors-sendgrid", "kill-dispatch-mailgun"),
                         [](const auto& test) {
                           std::string name(test.param);
                           std::ranges::replace(name, '-', '_');
                           return name;
                         });

}  // namespace
}  // namespace lmsmail::chaos
