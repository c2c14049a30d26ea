#include "services/scheduler/schedules/run_worker.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <optional>
#include <string>
#include <variant>

#include "libs/calendar/iso_week.h"
#include "libs/retry/backoff.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"
#include "libs/tracing/span.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

// Longer than the slowest action may take.
constexpr absl::Duration kLease = absl::Minutes(5);
constexpr int kMaxAttempts = 10;
constexpr retry::BackoffPolicy kBackoff{absl::Seconds(5), absl::Minutes(10)};
// The clocks of two machines differ.
constexpr absl::Duration kShortestWait = absl::Seconds(5);

// When the week of a run is over, if that is what it waits for. A schedule may be in a zone ahead
// of the school's.
std::optional<absl::Time> EndOfWeek(const absl::Status& status) {
  Reason reason = ReasonOf(status);
  absl::Time end;
  if (reason.reason != "WEEK_NOT_OVER" ||
      !absl::ParseTime(absl::RFC3339_full, reason.metadata["end_time"], &end, nullptr)) {
    return std::nullopt;
  }
  return end;
}

}  // namespace

bool RunWorker::RunOnce() {
  const absl::Time now = clock_.Now();
  const auto claimed = store_.ClaimRun(now, now + kLease, StoreDeadline());
  if (!claimed.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "cannot claim a run", {{"error", claimed.status()}});
    return false;
  }
  if (!*claimed) return false;
  tracing::Span span("run schedule", tracing::SpanKind::kInternal, "");
  span.SetAttribute("lmsmail.schedule", (*claimed)->run.schedule_id);
  const tracing::Scope scope(span.traceparent());
  const absl::StatusOr<std::string> outcome = Execute(**claimed);
  span.End(outcome.status());
  Settle(**claimed, outcome);
  return true;
}

absl::StatusOr<WeeklyReportOrder> RunWorker::OrderOf(const ClaimedRun& claimed) {
  Schedule schedule = claimed.schedule;
  // Staff who run it want the mail now, whatever the clocks of students show.
  const bool local_time = schedule.local_time && !claimed.run.manual();
  schedule.local_time = local_time;
  LMSMAIL_ASSIGN_OR_RETURN(const absl::TimeZone zone, ZoneOf(schedule, school_));
  WeeklyReportOrder order{.week = IsoWeek::LastWhole(claimed.run.nominal_time, zone).ToString(),
                          .local_time = {}};
  if (local_time) {
    order.local_time = ToStd(absl::FormatTime("%Y-%m-%dT%H:%M", claimed.run.nominal_time, zone));
  }
  return order;
}

absl::StatusOr<std::string> RunWorker::Execute(const ClaimedRun& claimed) {
  const Action& action = claimed.schedule.action;
  if (std::holds_alternative<GenerateWeeklyReports>(action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const WeeklyReportOrder order, OrderOf(claimed));
    LMSMAIL_ASSIGN_OR_RETURN(const std::string run, reports_.Generate(order));
    return fmt::format("started {}", run);
  }
  if (std::holds_alternative<SweepQueue>(action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const auto swept, queue_.Sweep());
    return fmt::format("recovered mails: {}, promoted mails: {}", swept.recovered_count,
                       swept.promoted_count);
  }
  if (const auto* purge = std::get_if<PurgeLogs>(&action)) {
    LMSMAIL_ASSIGN_OR_RETURN(const auto purged, queue_.PurgeLogs(purge->max_age));
    return fmt::format("dropped days: {}, days kept because they have mail to send: {}",
                       purged.dropped_day_count, purged.kept_day_count);
  }
  return absl::InvalidArgumentError("the schedule has no action");
}

void RunWorker::Settle(const ClaimedRun& claimed, const absl::StatusOr<std::string>& outcome) {
  const absl::Time now = clock_.Now();
  ScheduleRun run = claimed.run;
  absl::Time due = now;
  const bool give_up = absl::IsInvalidArgument(outcome.status()) || run.attempts >= kMaxAttempts;
  if (const auto end = EndOfWeek(outcome.status())) {
    run.state = ScheduleRun::State::kPending;
    run.detail = fmt::format("waits until {}, when the week is over in the school's time zone",
                             absl::FormatTime(*end, absl::UTCTimeZone()));
    due = std::max(*end, now + kShortestWait);
  } else if (outcome.ok()) {
    run.state = ScheduleRun::State::kSucceeded;
    run.detail = *outcome;
    run.end_time = now;
    metrics_.runs_succeeded.Increment();
  } else if (give_up) {
    run.state = ScheduleRun::State::kFailed;
    run.detail = fmt::format("given up after {} attempts: {}", run.attempts,
                             ToStd(outcome.status().message()));
    run.end_time = now;
    metrics_.runs_failed.Increment();
    telemetry::LogError(
        "schedule run failed",
        {{"schedule", run.schedule_id}, {"run", run.id}, {"error", outcome.status()}});
  } else {
    run.state = ScheduleRun::State::kPending;
    run.detail =
        fmt::format("attempt {} failed: {}", run.attempts, ToStd(outcome.status().message()));
    due = now + retry::BackoffWithJitter(kBackoff, run.attempts, std::hash<std::string>{}(run.id));
    metrics_.runs_retried.Increment();
  }
  const absl::Status settled = store_.SettleRun(run, due, StoreDeadline());
  if (!settled.ok()) {
    // The run is executed again when its lease ends; every action is idempotent.
    telemetry::LogWarning("cannot settle run", {{"run", run.id}, {"error", settled}});
  }
}

}  // namespace lmsmail::scheduler
