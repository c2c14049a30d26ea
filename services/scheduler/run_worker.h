#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/queue_upkeep.h"
#include "services/scheduler/schedule_store.h"
#include "services/scheduler/scheduler_metrics.h"
#include "services/scheduler/weekly_reports.h"

namespace lmsmail::scheduler {

// Carries out the runs of schedules, one after the other. Any number may work side by side, in any
// number of replicas. Thread-safe.
class RunWorker {
 public:
  RunWorker(ScheduleStore& store, QueueUpkeep& queue, WeeklyReports& reports, const Clock& clock,
            const SchedulerMetrics& metrics)
      : store_(store), queue_(queue), reports_(reports), clock_(clock), metrics_(metrics) {}

  // Takes the run that is due the longest, if there is one, and carries it out. False: there is
  // none.
  bool RunOnce();

 private:
  // What came of it, for people.
  absl::StatusOr<std::string> Perform(const ClaimedRun& claimed);
  void Settle(const ClaimedRun& claimed, const absl::StatusOr<std::string>& outcome);

  ScheduleStore& store_;
  QueueUpkeep& queue_;
  WeeklyReports& reports_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
};

}  // namespace lmsmail::scheduler
