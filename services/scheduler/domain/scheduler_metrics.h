#pragma once

#include "libs/telemetry/metrics.h"

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
};

}  // namespace lmsmail::scheduler
