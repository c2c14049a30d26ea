#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/schedule_store.h"
#include "services/scheduler/scheduler_metrics.h"

namespace lmsmail::scheduler {

// Turns the time into runs. Every replica may do it: the store lets one of them have each firing.
class ScheduleFirer {
 public:
  ScheduleFirer(ScheduleStore& store, const Clock& clock, const SchedulerMetrics& metrics)
      : store_(store), clock_(clock), metrics_(metrics) {}

  // Fires what is due; returns how many runs were made.
  int RunOnce();

 private:
  int Fire(const Schedule& schedule, absl::Time now);

  ScheduleStore& store_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
};

}  // namespace lmsmail::scheduler
