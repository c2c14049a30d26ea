#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Creates the runs of due schedules. Safe to run in every replica: the store accepts each firing
// from one replica only.
class ScheduleWorker {
 public:
  ScheduleWorker(ScheduleStore& store, school::SchoolSource& school, const Clock& clock,
                 const SchedulerMetrics& metrics)
      : store_(store), school_(school), clock_(clock), metrics_(metrics) {}

  void RunOnce();

 private:
  // Once a minute: gives each active schedule the next run that the present rules of its zone say.
  // They change with the zone database and with the school's zone. Sets those of the built-in
  // schedules at first.
  void PlanAll(absl::Time now);
  void Plan(const Schedule& schedule, absl::Time now);
  void Fire(const Schedule& schedule, absl::Time now);

  ScheduleStore& store_;
  school::SchoolSource& school_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
  absl::Time plan_time_ = absl::InfinitePast();  // of the next PlanAll()
};

}  // namespace lmsmail::scheduler
