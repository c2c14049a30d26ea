#include "libs/rpc/executor.h"

#include <gtest/gtest.h>

#include "absl/synchronization/notification.h"

namespace lmsmail::rpc {
namespace {

TEST(ExecutorTest, StopRunsTheQueuedTasksFirst) {
  Executor executor({.threads = 1});
  absl::Notification runs;
  absl::Notification go_on;
  int done = 0;
  ASSERT_TRUE(executor.TrySubmit([&] {
    runs.Notify();
    go_on.WaitForNotification();
    ++done;
  }));
  ASSERT_TRUE(executor.TrySubmit([&] { ++done; }));
  runs.WaitForNotification();
  go_on.Notify();
  executor.Stop();
  EXPECT_EQ(done, 2);
  executor.Stop();
}

}  // namespace
}  // namespace lmsmail::rpc
