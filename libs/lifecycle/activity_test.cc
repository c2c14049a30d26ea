#include "libs/lifecycle/activity.h"

#include <optional>
#include <thread>

#include "absl/synchronization/notification.h"

#include "libs/testing/status_matchers.h"

namespace lmsmail::lifecycle {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(ActivitiesTest, CountsWhatRunsByLabel) {
  Activities activities;
  ASSERT_OK_AND_ASSIGN(Activity send, activities.Start("rpc Send"));
  ASSERT_OK_AND_ASSIGN(Activity batch, activities.Start("batch"));
  {
    ASSERT_OK_AND_ASSIGN(const Activity again, activities.Start("batch"));
    EXPECT_THAT(activities.running(), ElementsAre(Pair("batch", 2), Pair("rpc Send", 1)));
  }
  EXPECT_THAT(activities.running(), ElementsAre(Pair("batch", 1), Pair("rpc Send", 1)));
}

TEST(ActivitiesTest, AMovedActivityEndsOnce) {
  Activities activities;
  ASSERT_OK_AND_ASSIGN(Activity first, activities.Start("batch"));
  std::optional<Activity> second = std::move(first);
  EXPECT_THAT(activities.running(), ElementsAre(Pair("batch", 1)));
  second.reset();
  EXPECT_THAT(activities.running(), IsEmpty());
}

TEST(ActivitiesTest, AnAssignedActivityEndsTheOneItReplaces) {
  Activities activities;
  ASSERT_OK_AND_ASSIGN(Activity kept, activities.Start("a"));
  ASSERT_OK_AND_ASSIGN(Activity other, activities.Start("b"));
  kept = std::move(other);
  EXPECT_THAT(activities.running(), ElementsAre(Pair("b", 1)));
}

TEST(ActivitiesTest, RefusesNewWorkWhenShuttingDown) {
  Activities activities;
  EXPECT_FALSE(activities.shutting_down());
  activities.BeginShutdown();
  EXPECT_TRUE(activities.shutting_down());
  EXPECT_THAT(activities.Start("batch"), StatusIs(absl::StatusCode::kUnavailable, "shutting down"));
}

TEST(ActivitiesTest, DrainIsOkWhenNothingRuns) {
  Activities activities;
  EXPECT_OK(activities.Drain(absl::ZeroDuration()));
  EXPECT_TRUE(activities.shutting_down());
}

TEST(ActivitiesTest, DrainNamesWhatOutlastsTheDeadline) {
  Activities activities;
  ASSERT_OK_AND_ASSIGN(Activity one, activities.Start("batch"));
  ASSERT_OK_AND_ASSIGN(Activity two, activities.Start("batch"));
  ASSERT_OK_AND_ASSIGN(Activity send, activities.Start("rpc Send"));
  EXPECT_THAT(
      activities.Drain(absl::ZeroDuration()),
      StatusIs(absl::StatusCode::kDeadlineExceeded, "still running: 2 x batch, 1 x rpc Send"));
}

TEST(ActivitiesTest, DrainWaitsForTheLastToEnd) {
  Activities activities;
  absl::Notification started;
  std::thread worker([&] {
    const absl::StatusOr<Activity> activity = activities.Start("batch");
    started.Notify();
    while (!activities.shutting_down()) std::this_thread::yield();
  });
  started.WaitForNotification();
  EXPECT_OK(activities.Drain(absl::InfiniteDuration()));
  worker.join();
}

}  // namespace
}  // namespace lmsmail::lifecycle
