#include "services/scheduler/schedule_firer.h"

#include "libs/telemetry/logging.h"
#include "services/scheduler/firing.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kMostAtOnce = 100;
constexpr absl::Duration kStoreTimeout = absl::Seconds(10);

absl::Time StoreDeadline() { return absl::Now() + kStoreTimeout; }

}  // namespace

int ScheduleFirer::RunOnce() {
  const absl::Time now = clock_.Now();
  const auto due = store_.ListDue(now, kMostAtOnce, StoreDeadline());
  if (!due.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "schedules can't be read", {{"error", due.status()}});
    return 0;
  }
  int runs = 0;
  for (const Schedule& schedule : *due) runs += Fire(schedule, now);
  return runs;
}

int ScheduleFirer::Fire(const Schedule& schedule, absl::Time now) {
  const Firing firing = PlanFiring(schedule, now);
  const auto fired =
      store_.Fire(schedule, firing.nominal_times, firing.next_run_time, now, StoreDeadline());
  if (!fired.ok()) {
    telemetry::LogWarning("schedule can't be fired",
                          {{"schedule", schedule.id}, {"error", fired.status()}});
    return 0;
  }
  if (!*fired) return 0;
  if (firing.missed > 0) {
    metrics_.runs_missed.Increment(static_cast<double>(firing.missed));
    telemetry::LogWarning("runs were missed and are not caught up",
                          {{"schedule", schedule.id}, {"count", firing.missed}});
  }
  return static_cast<int>(firing.nominal_times.size());
}

}  // namespace lmsmail::scheduler
