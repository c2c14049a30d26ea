#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Creates the runs of due schedules. Safe to run in every replica: the store accepts each firing
// from one replica only.
class ScheduleWorker {
 public:
  ScheduleWorker(ScheduleStore& store, const Clock& clock, const SchedulerMetrics& metrics)
      : store_(store), clock_(clock), metrics_(metrics) {}

  void RunOnce();

 private:
  void Fire(const Schedule& schedule, absl::Time now);

  ScheduleStore& store_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
};

}  // namespace lmsmail::scheduler
