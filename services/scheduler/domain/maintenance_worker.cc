#include "services/scheduler/domain/maintenance_worker.h"

#include <algorithm>
#include <optional>

#include "libs/telemetry/logging.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kRequestRetention = absl::Hours(24 * 30);
constexpr absl::Duration kRunRetention = absl::Hours(24 * 90);
constexpr int kEventsPerCall = 1000;
constexpr int kMaxCalls = 100;

void LogFailure(const absl::Status& status) {
  if (!status.ok()) telemetry::LogWarning("cannot delete old records", {{"error", status}});
}

void SetLag(const telemetry::Gauge& gauge, const absl::StatusOr<std::optional<absl::Time>>& oldest,
            absl::Time now) {
  if (!oldest.ok()) return;
  const absl::Duration lag = *oldest ? now - **oldest : absl::ZeroDuration();
  gauge.Set(std::max(absl::ToDoubleSeconds(lag), 0.0));
}

}  // namespace

void MaintenanceWorker::RunOnce() {
  const absl::Time now = deps_.clock.Now();
  LogFailure(deps_.requests.DeleteBefore(now - kRequestRetention, StoreDeadline()).status());
  LogFailure(deps_.schedules.DeleteRunsBefore(now - kRunRetention, StoreDeadline()).status());
  deps_.metrics.contents_dropped.Increment(
      RunSteps(&EventStore::DropContentBefore, now - retention_.content));
  RunSteps(&EventStore::DeleteBefore, now - retention_.outcomes);
}

int MaintenanceWorker::RunSteps(Step step, absl::Time time) {
  int events = 0;
  for (int call = 0; call < kMaxCalls; ++call) {
    const auto done = (deps_.events.*step)(time, kEventsPerCall, StoreDeadline());
    LogFailure(done.status());
    events += done.value_or(0);
    if (!done.ok() || *done < kEventsPerCall) break;
  }
  return events;
}

void MaintenanceWorker::MeasureLag() {
  const absl::Time now = deps_.clock.Now();
  SetLag(deps_.metrics.run_lag_seconds, deps_.schedules.OldestDueRun(now, StoreDeadline()), now);
  SetLag(deps_.metrics.task_lag_seconds, deps_.events.OldestDue(now, StoreDeadline()), now);
}

}  // namespace lmsmail::scheduler
