#include "services/scheduler/run_worker.h"

#include <fmt/format.h>

#include <variant>

#include "libs/calendar/iso_week.h"
#include "libs/cron/zone.h"
#include "libs/retry/backoff.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::scheduler {
namespace {

// Longer than the slowest action may take.
constexpr absl::Duration kLease = absl::Minutes(5);
constexpr int kMostAttempts = 10;
constexpr retry::BackoffPolicy kBackoff{absl::Seconds(5), absl::Minutes(10)};
constexpr absl::Duration kStoreTimeout = absl::Seconds(10);

absl::Time StoreDeadline() { return absl::Now() + kStoreTimeout; }

}  // namespace

bool RunWorker::RunOnce() {
  const absl::Time now = clock_.Now();
  const auto claimed = store_.ClaimRun(now, now + kLease, StoreDeadline());
  if (!claimed.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "runs can't be claimed", {{"error", claimed.status()}});
    return false;
  }
  if (!*claimed) return false;
  Settle(**claimed, Perform(**claimed));
  return true;
}

absl::StatusOr<std::string> RunWorker::Perform(const ClaimedRun& claimed) {
  const Action& action = claimed.schedule.action;
  if (std::holds_alternative<GenerateWeeklyReports>(action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, cron::LoadZone(claimed.schedule.time_zone));
    LMSMAIL_ASSIGN_OR_RETURN(
        const auto run,
        reports_.Generate(IsoWeek::LastWhole(claimed.run.nominal_time, zone).ToString()));
    return fmt::format("asked for {}", run.name());
  }
  if (std::holds_alternative<SweepQueue>(action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const auto swept, queue_.Sweep());
    return fmt::format("mails taken back: {}, moved up: {}", swept.recovered_count(),
                       swept.promoted_count());
  }
  if (const auto* purge = std::get_if<PurgeLogs>(&action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const auto purged, queue_.PurgeLogs(purge->max_age));
    return fmt::format("days dropped: {}, kept for mail still to send: {}",
                       purged.dropped_day_count(), purged.kept_day_count());
  }
  return absl::InvalidArgumentError("the schedule has no action");
}

void RunWorker::Settle(const ClaimedRun& claimed, const absl::StatusOr<std::string>& outcome) {
  const absl::Time now = clock_.Now();
  ScheduleRun run = claimed.run;
  absl::Time due = now;
  const bool hopeless = absl::IsInvalidArgument(outcome.status()) || run.attempts >= kMostAttempts;
  if (outcome.ok()) {
    run.state = ScheduleRun::State::kSucceeded;
    run.detail = *outcome;
    run.end_time = now;
    metrics_.runs_succeeded.Increment();
  } else if (hopeless) {
    run.state = ScheduleRun::State::kFailed;
    run.detail = fmt::format("given up after {} attempts: {}", run.attempts,
                             ToStd(outcome.status().message()));
    run.end_time = now;
    metrics_.runs_failed.Increment();
    telemetry::LogError(
        "run of a schedule failed",
        {{"schedule", run.schedule_id}, {"run", run.id}, {"error", outcome.status()}});
  } else {
    run.state = ScheduleRun::State::kPending;
    run.detail =
        fmt::format("attempt {} failed: {}", run.attempts, ToStd(outcome.status().message()));
    due = now + retry::Backoff(kBackoff, run.attempts);
    metrics_.runs_retried.Increment();
  }
  const absl::Status settled = store_.SettleRun(run, due, StoreDeadline());
  if (!settled.ok()) {
    // Its lease ends and it is carried out again, which every action bears.
    telemetry::LogWarning("run can't be settled", {{"run", run.id}, {"error", settled}});
  }
}

}  // namespace lmsmail::scheduler
