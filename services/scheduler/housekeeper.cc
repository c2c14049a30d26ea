#include "services/scheduler/housekeeper.h"

#include <algorithm>
#include <optional>

#include "libs/telemetry/logging.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kKeepRequests = absl::Hours(24 * 30);
constexpr absl::Duration kKeepRuns = absl::Hours(24 * 90);
constexpr int kEventsAtOnce = 1000;
constexpr int kMostRounds = 100;
constexpr absl::Duration kStoreTimeout = absl::Seconds(10);

absl::Time StoreDeadline() { return absl::Now() + kStoreTimeout; }

void Report(const absl::Status& status) {
  if (!status.ok()) telemetry::LogWarning("old records can't be dropped", {{"error", status}});
}

void Show(const telemetry::Gauge& gauge, const absl::StatusOr<std::optional<absl::Time>>& oldest,
          absl::Time now) {
  if (!oldest.ok()) return;
  const absl::Duration lag = *oldest ? now - **oldest : absl::ZeroDuration();
  gauge.Set(std::max(absl::ToDoubleSeconds(lag), 0.0));
}

}  // namespace

void Housekeeper::Forget() {
  const absl::Time now = parts_.clock.Now();
  Report(parts_.requests.Forget(now - kKeepRequests, StoreDeadline()).status());
  Report(parts_.schedules.ForgetRuns(now - kKeepRuns, StoreDeadline()).status());
  for (int round = 0; round < kMostRounds; ++round) {
    const auto forgotten =
        parts_.events.Forget(now - event_retention_, kEventsAtOnce, StoreDeadline());
    Report(forgotten.status());
    if (!forgotten.ok() || *forgotten < kEventsAtOnce) return;
  }
}

void Housekeeper::MeasureLag() {
  const absl::Time now = parts_.clock.Now();
  Show(parts_.metrics.run_lag_seconds, parts_.schedules.OldestDueRun(now, StoreDeadline()), now);
  Show(parts_.metrics.task_lag_seconds, parts_.events.OldestDue(now, StoreDeadline()), now);
}

}  // namespace lmsmail::scheduler
