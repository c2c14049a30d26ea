#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/calendar/iso_week.h"

namespace lmsmail::report {

enum class RunState { kPending = 1, kRunning = 2, kSucceeded = 3, kFailed = 4, kCancelled = 5 };

// The making of one week's reports, which any replica may carry on. `fence` grows with every claim:
// who was given an older one has lost the run and may change nothing more.
struct WeeklyReportRun {
  IsoWeek week = {};
  RunState state = RunState::kPending;
  bool skip_mail = false;
  std::string cursor = {};  // the last student whose report is made
  std::int64_t total_count = 0;
  std::int64_t processed_count = 0;
  std::int64_t mail_count = 0;
  std::int64_t refused_count = 0;  // mails that dispatch did not accept
  std::int64_t quiet_count = 0;
  std::string detail = {};
  absl::Time create_time = absl::UnixEpoch();
  std::optional<absl::Time> end_time = std::nullopt;
  std::int64_t fence = 0;
  absl::Time lease_until = absl::InfinitePast();
  absl::Time next_attempt_time = absl::InfinitePast();
  std::int32_t failure_count = 0;  // in a row
  std::optional<absl::Time> failing_since = std::nullopt;

  bool Ended() const { return state >= RunState::kSucceeded; }
  bool operator==(const WeeklyReportRun&) const = default;
};

// How long a claim holds without being renewed.
inline constexpr absl::Duration kRunLease = absl::Minutes(1);
// For so long dispatch may be away before a run is given up.
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(6);

// The changes that a run goes through. They expect a run that is locked against others' changes.

// Somebody asks for the week. A run that failed or was cancelled goes on where it stopped, with the
// new `skip_mail`; one that left mail out sends it now when it is wanted.
void Ask(WeeklyReportRun& run, bool skip_mail, absl::Time now);
// FAILED_PRECONDITION when it has ended.
absl::Status Cancel(WeeklyReportRun& run, absl::Time now);

bool IsClaimable(const WeeklyReportRun& run, absl::Time now);
void Claim(WeeklyReportRun& run, absl::Time now);
// ABORTED unless `fence` is of the latest claim and the run is still at work.
absl::Status CheckHeld(const WeeklyReportRun& run, std::int64_t fence);
void Renew(WeeklyReportRun& run, absl::Time now);
void Release(WeeklyReportRun& run, absl::Time now);
void Succeed(WeeklyReportRun& run, absl::Time now);
// Mail could not be handed over: tries again later and later, and gives up after kGiveUpAfter.
void Postpone(WeeklyReportRun& run, const absl::Status& why, absl::Time now);
// Mail was handed over.
void CountMail(WeeklyReportRun& run, int accepted, int refused, const std::string& last_refusal);

}  // namespace lmsmail::report
