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
  // Events are deleted after `event_retention`; one that is published again after that counts as
  // new.
  MaintenanceWorker(const Dependencies& dependencies, absl::Duration event_retention)
      : deps_(dependencies), event_retention_(event_retention) {}

  // Deletes old records.
  void RunOnce();
  void MeasureLag();

 private:
  const Dependencies deps_;
  const absl::Duration event_retention_;
};

}  // namespace lmsmail::scheduler
