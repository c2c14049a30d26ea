#pragma once

#include "libs/telemetry/metrics.h"

namespace lmsmail::scheduler {

// What is counted, as handles. `lag` is the age of the oldest due work that nobody works on.
struct SchedulerMetrics {
  explicit SchedulerMetrics(telemetry::Metrics& metrics);

  telemetry::Counter runs_succeeded;
  telemetry::Counter runs_failed;
  telemetry::Counter runs_retried;
  telemetry::Counter runs_missed;  // left out by a catch-up policy
  telemetry::Counter events_stored;
  telemetry::Counter events_duplicate;
  telemetry::Counter events_refused;
  telemetry::Counter tasks_done;
  telemetry::Counter tasks_failed;
  telemetry::Counter tasks_retried;
  telemetry::Gauge run_lag_seconds;
  telemetry::Gauge task_lag_seconds;
};

}  // namespace lmsmail::scheduler
