#include "libs/lifecycle/periodic.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <string>

#include "absl/synchronization/notification.h"

namespace lmsmail::lifecycle {
namespace {

// Counts runs and lets the test wait for the nth.
class Runs {
 public:
  void Add() {
    absl::MutexLock lock(&mutex_);
    ++count_;
  }
  void AwaitAtLeast(int count) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return count_ >= count; };
    mutex_.Await(absl::Condition(&reached));
  }
  int count() {
    absl::MutexLock lock(&mutex_);
    return count_;
  }

 private:
  absl::Mutex mutex_;
  int count_ ABSL_GUARDED_BY(mutex_) = 0;
};

TEST(PeriodicTest, RunsAtOnceAndThenEveryInterval) {
  Runs runs;
  Periodic periodic("sweep", absl::Microseconds(1), [&] { runs.Add(); });
  runs.AwaitAtLeast(5);
}

TEST(PeriodicTest, WakeEndsTheWait) {
  Runs runs;
  Periodic periodic("sweep", absl::InfiniteDuration(), [&] { runs.Add(); });
  runs.AwaitAtLeast(1);
  periodic.Wake();
  runs.AwaitAtLeast(2);
}

TEST(PeriodicTest, WakesDuringARunCauseOneMore) {
  Runs runs;
  absl::Notification woken;
  Periodic periodic("sweep", absl::InfiniteDuration(), [&] {
    runs.Add();
    woken.WaitForNotification();
  });
  runs.AwaitAtLeast(1);
  periodic.Wake();
  periodic.Wake();
  woken.Notify();
  runs.AwaitAtLeast(2);
  periodic.Stop();
  EXPECT_EQ(runs.count(), 2);
}

TEST(PeriodicTest, WaitsAsLongAsTheFunctionReturns) {
  Runs runs;
  Periodic periodic("sweep", [&] {
    runs.Add();
    return runs.count() < 3 ? absl::ZeroDuration() : absl::InfiniteDuration();
  });
  runs.AwaitAtLeast(3);
  periodic.Stop();
  EXPECT_EQ(runs.count(), 3);
}

TEST(PeriodicTest, StopWaitsForTheRunAndIsIdempotent) {
  absl::Notification started;
  std::atomic<bool> finished = false;
  absl::Notification release;
  Periodic periodic("sweep", absl::ZeroDuration(), [&] {
    if (started.HasBeenNotified()) return;
    started.Notify();
    release.WaitForNotification();
    finished = true;
  });
  started.WaitForNotification();
  release.Notify();
  periodic.Stop();
  EXPECT_TRUE(finished);
  periodic.Stop();
}

TEST(PeriodicTest, NamesItsThread) {
  std::string name;
  absl::Notification named;
  Periodic periodic("a-name-that-is-too-long", absl::InfiniteDuration(), [&] {
    char buffer[16] = {};
    pthread_getname_np(pthread_self(), buffer, sizeof buffer);
    name = buffer;
    named.Notify();
  });
  named.WaitForNotification();
  EXPECT_EQ(name, "a-name-that-is-");
}

}  // namespace
}  // namespace lmsmail::lifecycle
