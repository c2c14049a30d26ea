#include "services/scheduler/domain/scheduler_metrics.h"

#include <string>
#include <string_view>

namespace lmsmail::scheduler {
namespace {

telemetry::Counter Outcome(telemetry::Metrics& metrics, std::string_view name,
                           std::string_view help, const std::string& outcome) {
  return metrics.AddCounter(name, help).With({{"outcome", outcome}});
}

telemetry::Counter Runs(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_runs_total", "Attempts at schedule runs, by outcome.",
                 outcome);
}
telemetry::Counter Events(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_events_total", "Published events, by outcome.",
                 outcome);
}
telemetry::Counter Tasks(telemetry::Metrics& metrics, const std::string& outcome) {
  return Outcome(metrics, "lmsmail_scheduler_tasks_total",
                 "Attempts at the tasks of events, by outcome.", outcome);
}
telemetry::Gauge Lag(telemetry::Metrics& metrics, const std::string& queue) {
  return metrics
      .AddGauge("lmsmail_scheduler_lag_seconds",
                "How long the oldest due item that no replica has claimed has been waiting.")
      .With({{"queue", queue}});
}

}  // namespace

SchedulerMetrics::SchedulerMetrics(telemetry::Metrics& metrics)
    : runs_succeeded(Runs(metrics, "succeeded")),
      runs_failed(Runs(metrics, "failed")),
      runs_retried(Runs(metrics, "retried")),
      runs_missed(Runs(metrics, "missed")),
      events_stored(Events(metrics, "stored")),
      events_duplicate(Events(metrics, "duplicate")),
      events_rejected(Events(metrics, "rejected")),
      tasks_done(Tasks(metrics, "done")),
      tasks_failed(Tasks(metrics, "failed")),
      tasks_retried(Tasks(metrics, "retried")),
      contents_dropped(metrics
                           .AddCounter("lmsmail_scheduler_content_dropped_total",
                                       "Events whose content was dropped, because its retention "
                                       "has ended.")
                           .With()),
      run_lag_seconds(Lag(metrics, "runs")),
      task_lag_seconds(Lag(metrics, "tasks")) {}

}  // namespace lmsmail::scheduler
