#include "libs/lifecycle/shutdown_signal.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <thread>

namespace lmsmail::lifecycle {
namespace {

class ShutdownSignalTest : public ::testing::Test {
 protected:
  ShutdownSignalTest() { BlockShutdownSignals(); }
};

TEST_F(ShutdownSignalTest, ReturnsForARequestBeforeTheWait) {
  RequestShutdown();
  EXPECT_EQ(WaitForShutdownSignal(), SIGTERM);
}

TEST_F(ShutdownSignalTest, ReturnsForARequestFromAnotherThread) {
  std::thread requester(RequestShutdown);
  EXPECT_EQ(WaitForShutdownSignal(), SIGTERM);
  requester.join();
}

TEST_F(ShutdownSignalTest, ReturnsForAnInterrupt) {
  kill(getpid(), SIGINT);
  EXPECT_EQ(WaitForShutdownSignal(), SIGINT);
}

TEST_F(ShutdownSignalTest, WritingToAClosedPipeReturnsAnError) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  close(ends[0]);
  EXPECT_EQ(write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  close(ends[1]);
}

}  // namespace
}  // namespace lmsmail::lifecycle
