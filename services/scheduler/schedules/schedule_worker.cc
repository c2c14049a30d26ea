#include "services/scheduler/schedules/schedule_worker.h"

#include <optional>
#include <string>

#include "libs/telemetry/logging.h"
#include "services/scheduler/schedules/firing.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kMaxSchedules = 100;
constexpr absl::Duration kPlanInterval = absl::Minutes(1);

}  // namespace

void ScheduleWorker::RunOnce() {
  const absl::Time now = clock_.Now();
  if (now >= plan_time_) PlanAll(now);
  const auto due = store_.ListDue(now, kMaxSchedules, StoreDeadline());
  if (!due.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "cannot read schedules", {{"error", due.status()}});
    return;
  }
  for (const Schedule& schedule : *due) Fire(schedule, now);
}

void ScheduleWorker::PlanAll(absl::Time now) {
  std::string after;
  while (true) {
    const auto page = store_.List(after, kMaxSchedules, StoreDeadline());
    if (!page.ok()) return;  // RunOnce() logs that the store fails
    for (const Schedule& schedule : *page) {
      if (!schedule.paused) Plan(schedule, now);
    }
    if (page->size() < kMaxSchedules) break;
    after = page->back().id;
  }
  plan_time_ = now + kPlanInterval;
}

void ScheduleWorker::Plan(const Schedule& schedule, absl::Time now) {
  const auto zone = ZoneOf(schedule, school_);
  if (!zone.ok()) {
    static telemetry::LogEvery every(absl::Minutes(1));
    every.Log(telemetry::Level::kWarning, "the zone of a schedule is not known",
              {{"schedule", schedule.id}, {"error", zone.status()}});
    return;
  }
  const std::optional<absl::Time> planned = PlanAnew(schedule, *zone, now);
  if (planned == schedule.next_run_time) return;
  const auto stored = store_.Fire(schedule, {}, planned, now, StoreDeadline());
  if (!stored.ok()) {
    telemetry::LogWarning("cannot plan schedule",
                          {{"schedule", schedule.id}, {"error", stored.status()}});
  } else if (*stored && schedule.next_run_time) {
    telemetry::LogInfo("the next run of a schedule moved with the rules of its zone",
                       {{"schedule", schedule.id},
                        {"from", absl::FormatTime(*schedule.next_run_time, absl::UTCTimeZone())},
                        {"to", absl::FormatTime(*planned, absl::UTCTimeZone())}});
  }
}

void ScheduleWorker::Fire(const Schedule& schedule, absl::Time now) {
  const auto zone = ZoneOf(schedule, school_);
  if (!zone.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "a schedule is due and waits: its zone is not known",
              {{"schedule", schedule.id}, {"error", zone.status()}});
    return;
  }
  const Firing firing = PlanFiring(schedule, *zone, now);
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
