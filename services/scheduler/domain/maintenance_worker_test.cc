#include "services/scheduler/domain/maintenance_worker.h"

#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"
#include "services/scheduler/storage/in_memory_event_store.h"
#include "services/scheduler/storage/in_memory_schedule_store.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

constexpr MaintenanceWorker::Retention kRetention = {.content = absl::Hours(24 * 40),
                                                     .outcomes = absl::Hours(24 * 400)};

class MaintenanceWorkerTest : public ::testing::Test {
 protected:
  const absl::Time never_ = absl::InfiniteFuture();
  FakeClock clock_{At("2026-11-23T09:00:00Z")};
  telemetry::Metrics registry_{{"scheduler", "test"}};
  SchedulerMetrics metrics_{registry_};
  InMemoryRequestStore requests_;
  InMemoryScheduleStore schedules_{requests_};
  InMemoryEventStore events_;
  MaintenanceWorker worker_{{schedules_, events_, requests_, clock_, metrics_}, kRetention};
};

TEST_F(MaintenanceWorkerTest, DeletesRecordsAfterTheirRetention) {
  RequestRecord request = Request("r-1");
  request.time = clock_.Now();
  ASSERT_TRUE(requests_.Insert(request));
  ASSERT_OK(
      events_.Add({{.event = Enrolled("e-1"), .digest = 1, .tasks = {}}}, clock_.Now(), never_));

  clock_.Advance(absl::Hours(24 * 30));
  worker_.RunOnce();
  EXPECT_TRUE(requests_.Find("Test", "r-1", never_)->has_value());
  clock_.Advance(absl::Seconds(1));
  worker_.RunOnce();
  EXPECT_FALSE(requests_.Find("Test", "r-1", never_)->has_value());

  EXPECT_OK(events_.Find("e-1", never_));
  EXPECT_FALSE(events_.Find("e-1", never_)->content_dropped);
  clock_.Advance(kRetention.content);
  worker_.RunOnce();
  EXPECT_TRUE(events_.Find("e-1", never_)->content_dropped);
  EXPECT_EQ(metrics_.contents_dropped.value(), 1);
  clock_.Advance(kRetention.outcomes);
  worker_.RunOnce();
  EXPECT_THAT(events_.Find("e-1", never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(MaintenanceWorkerTest, MeasuresTheLag) {
  worker_.MeasureLag();
  EXPECT_EQ(metrics_.task_lag_seconds.value(), 0);
  ASSERT_OK(
      events_.Add({{.event = Enrolled("e-1"), .digest = 1, .tasks = {{.due_time = clock_.Now()}}}},
                  clock_.Now(), never_));
  clock_.Advance(absl::Seconds(7));
  worker_.MeasureLag();
  EXPECT_EQ(metrics_.task_lag_seconds.value(), 7);
  EXPECT_EQ(metrics_.run_lag_seconds.value(), 0);
}

}  // namespace
}  // namespace lmsmail::scheduler
