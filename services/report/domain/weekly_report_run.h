#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "libs/calendar/iso_week.h"

namespace lmsmail::report {

enum class RunState { kPending = 1, kRunning = 2, kSucceeded = 3, kFailed = 4, kCancelled = 5 };

// The generation of one week's reports. Any replica may claim a run and continue it. `fence` is a
// fencing token: it grows with every claim, and the holder of an older token may change nothing.
struct WeeklyReportRun {
  IsoWeek week = {};
  RunState state = RunState::kPending;
  bool skip_mail = false;
  std::string cursor = {};  // the last student whose report was generated
  std::int64_t total_count = 0;
  std::int64_t processed_count = 0;
  std::int64_t mail_count = 0;
  std::int64_t rejected_count = 0;  // mails that dispatch rejected
  std::int64_t inactive_count = 0;
  std::string detail = {};
  absl::Time create_time = absl::UnixEpoch();
  std::optional<absl::Time> end_time = std::nullopt;
  std::int64_t fence = 0;
  absl::Time lease_expire_time = absl::InfinitePast();
  absl::Time next_attempt_time = absl::InfinitePast();
  std::int32_t failure_count = 0;                               // consecutive
  std::optional<absl::Time> first_failure_time = std::nullopt;  // of the consecutive failures
  std::string time_zone = {};                                   // of the week's days
  // When students get the mail, by their own clocks; nullopt: at once.
  std::optional<absl::CivilMinute> local_time = std::nullopt;

  bool Ended() const { return state >= RunState::kSucceeded; }
  bool operator==(const WeeklyReportRun&) const = default;
};

// What a caller asks for.
struct RunRequest {
  IsoWeek week = {};
  bool skip_mail = false;
  // The first request of a week decides about these two.
  std::string time_zone = {};
  std::optional<absl::CivilMinute> local_time = std::nullopt;
};

// A claim expires after this time unless it is renewed.
inline constexpr absl::Duration kRunLease = absl::Minutes(1);
// A run fails when dispatch has accepted no mail for this time.
inline constexpr absl::Duration kGiveUpAfter = absl::Hours(6);

// The state transitions of a run. The caller must hold the run's lock.

// Applies a caller's request for the week. A failed or cancelled run continues where it stopped,
// with the new `skip_mail`. A run that skipped mail sends it when the request wants mail.
void ApplyRequest(WeeklyReportRun& run, bool skip_mail, absl::Time now);
// FAILED_PRECONDITION when the run has ended.
absl::Status Cancel(WeeklyReportRun& run, absl::Time now);

bool IsClaimable(const WeeklyReportRun& run, absl::Time now);
void Claim(WeeklyReportRun& run, absl::Time now);
// ABORTED unless the run is running and `fence` belongs to its latest claim.
absl::Status CheckHeld(const WeeklyReportRun& run, std::int64_t fence);
void Renew(WeeklyReportRun& run, absl::Time now);
void Release(WeeklyReportRun& run, absl::Time now);
void Succeed(WeeklyReportRun& run, absl::Time now);
// Mail could not be sent. The run is tried again with backoff and fails after kGiveUpAfter.
void Defer(WeeklyReportRun& run, const absl::Status& cause, absl::Time now);
// Takes an ended run up again, for reports that were generated again. FAILED_PRECONDITION while it
// has not ended.
absl::Status Reopen(WeeklyReportRun& run, bool skip_mail, absl::Time now);
// A mail batch was sent. Ends the consecutive failures.
void CountMail(WeeklyReportRun& run, int accepted, int rejected, const std::string& last_rejection);

}  // namespace lmsmail::report
