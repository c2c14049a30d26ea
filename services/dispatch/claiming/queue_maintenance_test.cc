#include "services/dispatch/claiming/queue_maintenance.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "libs/telemetry/metrics.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

// Counts calls, and fails those that a test chooses.
class CountingQueue final : public FakeQueueStore {
 public:
  using FakeQueueStore::FakeQueueStore;
  absl::StatusOr<int> RecoverExpired(absl::Time deadline) override {
    ++recoveries;
    if (!sweeps.ok()) return sweeps;
    return FakeQueueStore::RecoverExpired(deadline);
  }
  absl::Status FindOverlooked() override {
    ++searches;
    return searched;
  }
  absl::Status EnsurePartitions(absl::Time) override {
    ++partitionings;
    return partitioned;
  }
  absl::StatusOr<bool> ForgetKeys() override {
    ++steps;
    if (!forgotten.ok()) return forgotten;
    return --steps_left > 0;
  }
  absl::Status Maintain() override {
    ++maintenances;
    return maintained;
  }
  absl::StatusOr<DroppedContent> DropContent(
      const std::map<Category, absl::Time>& before) override {
    content_before = before;
    ++content_steps;
    if (!content.ok()) return content;
    return DroppedContent{.mails = 7, .more = --content_left > 0};
  }
  absl::StatusOr<Purged> Purge(absl::Time before, bool count_only, absl::Time) override {
    EXPECT_FALSE(count_only);
    purged_before.push_back(before);
    return Purged{.dropped_days = 8};
  }
  std::map<Category, absl::Time> content_before;
  std::vector<absl::Time> purged_before;
  absl::Status content;
  int content_steps = 0, content_left = 0;
  absl::Status sweeps, searched, partitioned, maintained, forgotten;
  int recoveries = 0, searches = 0, partitionings = 0, maintenances = 0, steps = 0, steps_left = 0;
};

class QueueMaintenanceTest : public testing::Test {
 protected:
  void TurnAfter(absl::Duration wait) {
    clock_.Advance(wait);
    maintenance_.RunOnce();
    maintenance_.CleanUpOnce();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  CountingQueue queue_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  QueueMaintenance maintenance_{
      queue_,
      clock_,
      metrics_,
      {.sweep_interval = absl::Seconds(5),
       .search_interval = absl::Minutes(10),
       .maintain_interval = absl::Hours(1),
       .retention = {.content = {{Category::kDemo, absl::Hours(30 * 24)},
                                 {Category::kPayment, absl::Hours(90 * 24)}},
                     .outcomes = absl::Hours(400 * 24)}}};
  const absl::Status failure_ = absl::UnavailableError("the database is unavailable");
};

TEST_F(QueueMaintenanceTest, SweepsInEveryRun) {
  for (int run = 1; run <= 3; ++run) {
    TurnAfter(absl::Seconds(5));
    EXPECT_EQ(queue_.recoveries, run);
  }
}

TEST_F(QueueMaintenanceTest, LooksForOverlookedMailEveryTenMinutes) {
  TurnAfter(absl::Minutes(9));
  EXPECT_EQ(queue_.searches, 0);
  TurnAfter(absl::Minutes(1));
  TurnAfter(absl::Minutes(9));
  EXPECT_EQ(queue_.searches, 1);
  TurnAfter(absl::Minutes(1));
  EXPECT_EQ(queue_.searches, 2);
}

// A search reads the whole queue: failing, it must not be repeated every few seconds.
TEST_F(QueueMaintenanceTest, DoesNotSearchMoreOftenAfterErrors) {
  queue_.searched = failure_;
  TurnAfter(absl::Minutes(10));
  TurnAfter(absl::Minutes(9));
  EXPECT_EQ(queue_.searches, 1);
  TurnAfter(absl::Minutes(1));
  EXPECT_EQ(queue_.searches, 2);
}

TEST_F(QueueMaintenanceTest, MakesPartitionsAndCleansUpInTheFirstRunAndThenHourly) {
  TurnAfter(absl::ZeroDuration());
  EXPECT_EQ(queue_.partitionings, 1);
  EXPECT_EQ(queue_.maintenances, 1);
  TurnAfter(absl::Minutes(59));
  EXPECT_EQ(queue_.partitionings, 1);
  EXPECT_EQ(queue_.maintenances, 1);
  TurnAfter(absl::Minutes(1));
  EXPECT_EQ(queue_.partitionings, 2);
  EXPECT_EQ(queue_.maintenances, 2);
}

// Mail of tomorrow needs its partition: a failed call is repeated by the next run.
TEST_F(QueueMaintenanceTest, RepeatsMakingPartitionsUntilItSucceeds) {
  queue_.partitioned = failure_;
  TurnAfter(absl::ZeroDuration());
  TurnAfter(absl::Seconds(5));
  EXPECT_EQ(queue_.partitionings, 2);
  queue_.partitioned = absl::OkStatus();
  TurnAfter(absl::Seconds(5));
  TurnAfter(absl::Seconds(5));
  EXPECT_EQ(queue_.partitionings, 3);
}

TEST_F(QueueMaintenanceTest, NoPartKeepsAnotherFromRunning) {
  queue_.sweeps = queue_.searched = queue_.maintained = queue_.partitioned = queue_.forgotten =
      failure_;
  TurnAfter(absl::Hours(1));
  EXPECT_EQ(queue_.recoveries, 1);
  EXPECT_EQ(queue_.searches, 1);
  EXPECT_EQ(queue_.partitionings, 1);
  EXPECT_EQ(queue_.maintenances, 1);
  EXPECT_EQ(queue_.steps, 1);
}

TEST_F(QueueMaintenanceTest, DropsContentInStepsThenOutcomesAndThenHourly) {
  queue_.content_left = 3;
  const absl::Time now = clock_.Now();
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Milliseconds(100));
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Milliseconds(100));
  EXPECT_TRUE(queue_.purged_before.empty());
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Seconds(5));
  EXPECT_EQ(queue_.content_before,
            (std::map<Category, absl::Time>{{Category::kDemo, now - absl::Hours(30 * 24)},
                                            {Category::kPayment, now - absl::Hours(90 * 24)}}));
  EXPECT_EQ(queue_.purged_before, std::vector{now - absl::Hours(400 * 24)});
  EXPECT_EQ(metrics_.content_dropped.value(), 21);
  EXPECT_EQ(metrics_.log_partitions_dropped.value(), 1);
  TurnAfter(absl::Minutes(59));
  EXPECT_EQ(queue_.content_steps, 3);
  TurnAfter(absl::Minutes(1));
  EXPECT_EQ(queue_.content_steps, 4);
}

TEST_F(QueueMaintenanceTest, DropsOutcomesThoughContentFails) {
  queue_.content = failure_;
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Seconds(5));
  EXPECT_EQ(queue_.purged_before.size(), 1u);
}

TEST_F(QueueMaintenanceTest, ForgetsKeysInStepsWithAPauseUntilNoneIsLeft) {
  queue_.steps_left = 3;
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Milliseconds(100));
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Milliseconds(100));
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Seconds(5));
  queue_.forgotten = failure_;
  EXPECT_EQ(maintenance_.CleanUpOnce(), absl::Seconds(5)) << "no hurry after an error";
  EXPECT_EQ(queue_.steps, 4);
}

}  // namespace
}  // namespace lmsmail::dispatch
