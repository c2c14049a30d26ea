#include "services/scheduler/scheduler_metrics.h"

#include <string>
#include <string_view>

namespace lmsmail::scheduler {
namespace {

telemetry::Counter Outcome(telemetry::Metrics& metrics, std::string_view name,
                           std::string_view help, const std::string& outcome) {
  return metrics.AddCounter(name, help).With({{"outcome", outcome}});
}

telemetry::Counter Runs(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_runs_total", "Runs of schedules, by outcome.",
                 outcome);
}
telemetry::Counter Events(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_events_total", "Events published, by outcome.",
                 outcome);
}
telemetry::Counter Tasks(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_tasks_total",
                 "Attempts at what events cause, by outcome.", outcome);
}
telemetry::Gauge Lag(telemetry::Metrics& metrics, const std::string& of) {
  return metrics
      .AddGauge("lmsmail_scheduler_lag_seconds",
                "How long the oldest due work waits that nobody works on.")
      .With({{"of", of}});
}

}  // namespace

SchedulerMetrics::SchedulerMetrics(telemetry::Metrics& metrics)
    : runs_succeeded(Runs(metrics, "succeeded")),
      runs_failed(Runs(metrics, "failed")),
      runs_retried(Runs(metrics, "retried")),
      runs_missed(Runs(metrics, "missed")),
      events_stored(Events(metrics, "stored")),
      events_duplicate(Events(metrics, "duplicate")),
      events_refused(Events(metrics, "refused")),
      tasks_done(Tasks(metrics, "done")),
      tasks_failed(Tasks(metrics, "failed")),
      tasks_retried(Tasks(metrics, "retried")),
      run_lag_seconds(Lag(metrics, "runs")),
      task_lag_seconds(Lag(metrics, "tasks")) {}

}  // namespace lmsmail::scheduler
