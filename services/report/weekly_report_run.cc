#include "services/report/weekly_report_run.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/retry/backoff.h"
#include "libs/status/error_details.h"

namespace lmsmail::report {
namespace {

constexpr retry::BackoffPolicy kBackoff{absl::Seconds(15), absl::Minutes(15)};

void End(WeeklyReportRun& run, RunState state, absl::Time now) {
  run.state = state;
  run.end_time = now;
  run.lease_until = absl::InfinitePast();
}

}  // namespace

void Ask(WeeklyReportRun& run, bool skip_mail, absl::Time now) {
  const bool stopped = run.state == RunState::kFailed || run.state == RunState::kCancelled;
  const bool mail_wanted = run.skip_mail && !skip_mail;
  if (stopped || mail_wanted) run.skip_mail = skip_mail;
  if (!stopped && !(mail_wanted && run.Ended())) return;
  run.state = RunState::kPending;
  run.end_time = std::nullopt;
  run.detail.clear();
  run.next_attempt_time = now;
  run.failure_count = 0;
  run.failing_since = std::nullopt;
}

absl::Status Cancel(WeeklyReportRun& run, absl::Time now) {
  if (run.Ended()) {
    return WithReason(absl::FailedPreconditionError(fmt::format(
                          "weeklyReportRuns/{} has ended already", run.week.ToString())),
                      {"RUN_ENDED", {}});
  }
  End(run, RunState::kCancelled, now);
  return absl::OkStatus();
}

bool IsClaimable(const WeeklyReportRun& run, absl::Time now) {
  return !run.Ended() && run.lease_until <= now && run.next_attempt_time <= now;
}

void Claim(WeeklyReportRun& run, absl::Time now) {
  run.state = RunState::kRunning;
  ++run.fence;
  Renew(run, now);
}

absl::Status CheckHeld(const WeeklyReportRun& run, std::int64_t fence) {
  if (run.state == RunState::kRunning && run.fence == fence) return absl::OkStatus();
  return absl::AbortedError(
      fmt::format("weeklyReportRuns/{} was cancelled or is held by another", run.week.ToString()));
}

void Renew(WeeklyReportRun& run, absl::Time now) { run.lease_until = now + kRunLease; }

void Release(WeeklyReportRun& run, absl::Time now) { run.lease_until = now; }

void Succeed(WeeklyReportRun& run, absl::Time now) {
  run.total_count = run.processed_count;  // students may have come or gone since they were counted
  End(run, RunState::kSucceeded, now);
}

void Postpone(WeeklyReportRun& run, const absl::Status& why, absl::Time now) {
  if (!run.failing_since) run.failing_since = now;
  ++run.failure_count;
  run.detail = fmt::format("dispatch does not take the mail: {}", why.ToString());
  if (now - *run.failing_since >= kGiveUpAfter) {
    End(run, RunState::kFailed, now);
    return;
  }
  run.next_attempt_time = now + retry::Backoff(kBackoff, run.failure_count);
  Release(run, now);
}

void CountMail(WeeklyReportRun& run, int accepted, int refused, const std::string& last_refusal) {
  run.mail_count += accepted;
  run.refused_count += refused;
  run.failure_count = 0;
  run.failing_since = std::nullopt;
  if (refused > 0) {
    run.detail =
        fmt::format("dispatch refused {} mails; the last: {}", run.refused_count, last_refusal);
  } else if (run.refused_count == 0) {
    run.detail.clear();
  }
}

}  // namespace lmsmail::report
