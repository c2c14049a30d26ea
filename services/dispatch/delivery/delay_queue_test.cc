#include "services/dispatch/delivery/delay_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

#include "absl/synchronization/notification.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class DelayQueueTest : public testing::Test {
 protected:
  void Add(absl::Duration in, int number) {
    delays_.Add(clock_.Now() + in,
                [this, number](bool go) { (go ? gone_ : stopped_).push_back(number); });
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::vector<int> gone_;
  std::vector<int> stopped_;
  DelayQueue delays_{clock_};
};

TEST_F(DelayQueueTest, CallsInOrderOfTime) {
  Add(absl::Milliseconds(20), 2);
  Add(absl::Milliseconds(10), 1);
  Add(absl::Milliseconds(30), 3);
  delays_.RunDue();
  EXPECT_THAT(gone_, IsEmpty());
  clock_.Advance(absl::Milliseconds(20));
  delays_.RunDue();
  EXPECT_THAT(gone_, ElementsAre(1, 2));
}

TEST_F(DelayQueueTest, StopCallsWaitingAndLaterEntriesAtOnce) {
  Add(absl::Hours(1), 1);
  delays_.Stop();
  Add(absl::ZeroDuration(), 2);
  EXPECT_THAT(stopped_, ElementsAre(1, 2));
  EXPECT_THAT(gone_, IsEmpty());
}

TEST(DelayQueueThreadTest, WakesForAnEarlierEntry) {
  const SystemClock clock;
  DelayQueue delays(clock);
  delays.Start();
  bool late_went = true;
  absl::Notification near;
  delays.Add(clock.Now() + absl::Hours(1), [&](bool go) { late_went = go; });
  delays.Add(clock.Now() + absl::Milliseconds(1), [&](bool) { near.Notify(); });
  EXPECT_TRUE(near.WaitForNotificationWithTimeout(absl::Seconds(10)));
  delays.Stop();
  EXPECT_FALSE(late_went);
}

}  // namespace
}  // namespace lmsmail::dispatch
