#pragma once

#include <map>
#include <utility>

#include "libs/telemetry/metrics.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// Lag is how long the oldest due item that nobody has claimed has been waiting.
struct SchedulerMetrics {
  explicit SchedulerMetrics(telemetry::Metrics& metrics);

  telemetry::Counter runs_succeeded;
  telemetry::Counter runs_failed;
  telemetry::Counter runs_retried;
  telemetry::Counter runs_missed;  // skipped by a catch-up policy
  telemetry::Counter events_stored;
  telemetry::Counter events_duplicate;
  telemetry::Counter events_rejected;
  telemetry::Counter tasks_done;
  telemetry::Counter tasks_failed;
  telemetry::Counter tasks_retried;
  telemetry::Counter contents_dropped;
  telemetry::Gauge run_lag_seconds;
  telemetry::Gauge task_lag_seconds;
  // By type and state.
  std::map<std::pair<EventType, TaskState>, telemetry::Gauge> events;
};

}  // namespace lmsmail::scheduler
