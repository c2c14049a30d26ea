#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/request_store.h"
#include "services/scheduler/schedule_store.h"
#include "services/scheduler/scheduler_metrics.h"

namespace lmsmail::scheduler {

// Forgets what is old, and measures how far work lags behind. Every replica may do it.
class Housekeeper {
 public:
  struct Parts {
    ScheduleStore& schedules;
    EventStore& events;
    RequestStore& requests;
    const Clock& clock;
    const SchedulerMetrics& metrics;
  };
  // Events, and with them the memory of what was done already, are kept for `event_retention`.
  Housekeeper(const Parts& parts, absl::Duration event_retention)
      : parts_(parts), event_retention_(event_retention) {}

  void Forget();
  void MeasureLag();

 private:
  const Parts parts_;
  const absl::Duration event_retention_;
};

}  // namespace lmsmail::scheduler
