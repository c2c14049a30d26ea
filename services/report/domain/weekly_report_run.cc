#include "services/report/domain/weekly_report_run.h"

#include <fmt/format.h>

#include "libs/retry/backoff.h"
#include "libs/status/error_details.h"
#include "services/report/domain/resource_names.h"

namespace lmsmail::report {
namespace {

constexpr retry::BackoffPolicy kBackoff{absl::Seconds(15), absl::Minutes(15)};

void End(WeeklyReportRun& run, RunState state, absl::Time now) {
  run.state = state;
  run.end_time = now;
  run.lease_expire_time = absl::InfinitePast();
}

void Restart(WeeklyReportRun& run, absl::Time now) {
  run.state = RunState::kPending;
  run.end_time = std::nullopt;
  run.detail.clear();
  run.next_attempt_time = now;
  run.failure_count = 0;
  run.first_failure_time = std::nullopt;
}

}  // namespace

void ApplyRequest(WeeklyReportRun& run, bool skip_mail, absl::Time now) {
  const bool stopped = run.state == RunState::kFailed || run.state == RunState::kCancelled;
  const bool mail_requested = run.skip_mail && !skip_mail;
  if (stopped || mail_requested) run.skip_mail = skip_mail;
  if (!stopped && !(mail_requested && run.Ended())) return;
  Restart(run, now);
}

absl::Status Reopen(WeeklyReportRun& run, bool skip_mail, absl::Time now) {
  if (!run.Ended()) {
    return WithReason(
        absl::FailedPreconditionError(fmt::format(
            "students: {} has not ended; wait for it, or cancel it", RunName(run.week))),
        {"RUN_NOT_ENDED", {}});
  }
  run.skip_mail = skip_mail;
  Restart(run, now);
  return absl::OkStatus();
}

absl::Status Cancel(WeeklyReportRun& run, absl::Time now) {
  if (run.Ended()) {
    return WithReason(absl::FailedPreconditionError(RunName(run.week) + " has already ended"),
                      {"RUN_ENDED", {}});
  }
  End(run, RunState::kCancelled, now);
  return absl::OkStatus();
}

bool IsClaimable(const WeeklyReportRun& run, absl::Time now) {
  return !run.Ended() && run.lease_expire_time <= now && run.next_attempt_time <= now;
}

void Claim(WeeklyReportRun& run, absl::Time now) {
  run.state = RunState::kRunning;
  ++run.fence;
  Renew(run, now);
}

absl::Status CheckHeld(const WeeklyReportRun& run, std::int64_t fence) {
  if (run.state == RunState::kRunning && run.fence == fence) return absl::OkStatus();
  return absl::AbortedError(RunName(run.week) + " has ended or was claimed by another replica");
}

void Renew(WeeklyReportRun& run, absl::Time now) { run.lease_expire_time = now + kRunLease; }

void Release(WeeklyReportRun& run, absl::Time now) { run.lease_expire_time = now; }

void Succeed(WeeklyReportRun& run, absl::Time now) {
  run.total_count = run.processed_count;  // students may have enrolled or left since the count
  End(run, RunState::kSucceeded, now);
}

void Defer(WeeklyReportRun& run, const absl::Status& cause, absl::Time now) {
  if (!run.first_failure_time) run.first_failure_time = now;
  ++run.failure_count;
  run.detail = fmt::format("mail cannot be sent: {}", cause.ToString());
  if (now - *run.first_failure_time >= kGiveUpAfter) {
    End(run, RunState::kFailed, now);
    return;
  }
  run.next_attempt_time = now + retry::Backoff(kBackoff, run.failure_count);
  Release(run, now);
}

void CountMail(WeeklyReportRun& run, int accepted, int rejected,
               const std::string& last_rejection) {
  run.mail_count += accepted;
  run.rejected_count += rejected;
  run.failure_count = 0;
  run.first_failure_time = std::nullopt;
  if (rejected > 0) {
    run.detail = fmt::format("dispatch rejected {} mails; the last one: {}", run.rejected_count,
                             last_rejection);
  } else if (run.rejected_count == 0) {
    run.detail.clear();
  }
}

}  // namespace lmsmail::report
