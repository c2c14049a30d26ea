#include "services/scheduler/schedules/schedule_worker.h"

#include "libs/telemetry/logging.h"
#include "services/scheduler/schedules/firing.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kMaxSchedules = 100;

}  // namespace

void ScheduleWorker::RunOnce() {
  const absl::Time now = clock_.Now();
  const auto due = store_.ListDue(now, kMaxSchedules, StoreDeadline());
  if (!due.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "cannot read schedules", {{"error", due.status()}});
    return;
  }
  for (const Schedule& schedule : *due) Fire(schedule, now);
}

void ScheduleWorker::Fire(const Schedule& schedule, absl::Time now) {
  const Firing firing = PlanFiring(schedule, now);
  const auto fired =
      store_.Fire(schedule, firing.nominal_times, firing.next_run_time, now, StoreDeadline());
  if (!fired.ok()) {
    telemetry::LogWarning("cannot fire schedule",
                          {{"schedule", schedule.id}, {"error", fired.status()}});
    return;
  }
  if (*fired && firing.missed > 0) {
    metrics_.runs_missed.Increment(static_cast<double>(firing.missed));
    telemetry::LogWarning("runs were missed and are not caught up",
                          {{"schedule", schedule.id}, {"count", firing.missed}});
  }
}

}  // namespace lmsmail::scheduler
