#include "libs/service/shutdown_watchdog.h"

#include <gtest/gtest.h>

namespace lmsmail::service {
namespace {

TEST(ShutdownWatchdogTest, DoesNothingWhenTheShutdownIsTimely) {
  {
    const ShutdownWatchdog watchdog(absl::Hours(1));
  }
  SUCCEED() << "reached only when the watchdog neither fires nor blocks";
}

TEST(ShutdownWatchdogDeathTest, EndsTheProcessWhenTheShutdownHangs) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_EXIT(
      {
        const ShutdownWatchdog watchdog(absl::Milliseconds(1));
        absl::Notification never;
        never.WaitForNotification();
      },
      ::testing::ExitedWithCode(EXIT_FAILURE), "took too long");
}

}  // namespace
}  // namespace lmsmail::service
