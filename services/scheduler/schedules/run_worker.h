#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/schedules/queue_maintenance.h"
#include "services/scheduler/schedules/weekly_reports.h"
#include "services/scheduler/storage/schedule_store.h"

namespace lmsmail::scheduler {

// Executes the runs of schedules, one at a time. Any number of workers in any number of replicas
// may run concurrently. Thread-safe.
class RunWorker {
 public:
  RunWorker(ScheduleStore& store, QueueMaintenance& queue, WeeklyReports& reports,
            school::SchoolSource& school, const Clock& clock, const SchedulerMetrics& metrics)
      : store_(store),
        queue_(queue),
        reports_(reports),
        school_(school),
        clock_(clock),
        metrics_(metrics) {}

  // Claims and executes the run that has been due for longest. False when no run is due.
  bool RunOnce();

 private:
  absl::StatusOr<WeeklyReportOrder> OrderOf(const ClaimedRun& claimed);
  // Returns a description of the result.
  absl::StatusOr<std::string> Execute(const ClaimedRun& claimed);
  void Settle(const ClaimedRun& claimed, const absl::StatusOr<std::string>& outcome);

  ScheduleStore& store_;
  QueueMaintenance& queue_;
  WeeklyReports& reports_;
  school::SchoolSource& school_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
};

}  // namespace lmsmail::scheduler
