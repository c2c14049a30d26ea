#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/storage/event_store.h"
#include "services/scheduler/storage/request_store.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Deletes old records and measures the lag. Safe to run in every replica.
class MaintenanceWorker {
 public:
  struct Dependencies {
    ScheduleStore& schedules;
    EventStore& events;
    RequestStore& requests;
    const Clock& clock;
    const SchedulerMetrics& metrics;
  };
  struct Retention {
    absl::Duration content;   // of events that have been processed
    absl::Duration outcomes;  // an event that is published again after it counts as new
  };
  MaintenanceWorker(const Dependencies& dependencies, const Retention& retention)
      : deps_(dependencies), retention_(retention) {}

  // Deletes old records.
  void RunOnce();
  void MeasureLag();

 private:
  const Dependencies deps_;
  using Step = absl::StatusOr<int> (EventStore::*)(absl::Time, int, absl::Time);
  // Repeats a step until nothing from before `time` is left. Returns of how many events.
  int RunSteps(Step step, absl::Time time);

  const Retention retention_;
};

}  // namespace lmsmail::scheduler
