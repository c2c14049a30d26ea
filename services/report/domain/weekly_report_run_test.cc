#include "services/report/domain/weekly_report_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::report {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);

TEST(WeeklyReportRunTest, RequestForARunningRunChangesNothing) {
  WeeklyReportRun run{.state = RunState::kRunning, .cursor = "s5"};
  const WeeklyReportRun before = run;
  ApplyRequest(run, /*skip_mail=*/true, kNow);
  EXPECT_EQ(run, before);
}

TEST(WeeklyReportRunTest, RequestResumesAFailedOrCancelledRun) {
  for (const RunState state : {RunState::kFailed, RunState::kCancelled}) {
    WeeklyReportRun run{.state = state,
                        .cursor = "s5",
                        .detail = "away",
                        .end_time = kNow,
                        .failure_count = 9,
                        .first_failure_time = kNow - absl::Hours(6)};
    ApplyRequest(run, /*skip_mail=*/true, kNow);
    EXPECT_EQ(run.state, RunState::kPending);
    EXPECT_TRUE(run.skip_mail);
    EXPECT_EQ(run.cursor, "s5");
    EXPECT_THAT(run.detail, IsEmpty());
    EXPECT_EQ(run.end_time, std::nullopt);
    EXPECT_EQ(run.first_failure_time, std::nullopt);
    EXPECT_TRUE(IsClaimable(run, kNow));
  }
}

TEST(WeeklyReportRunTest, RequestForSkippedMailRestartsTheRun) {
  WeeklyReportRun done{.state = RunState::kSucceeded, .skip_mail = true, .end_time = kNow};
  ApplyRequest(done, /*skip_mail=*/true, kNow);
  EXPECT_EQ(done.state, RunState::kSucceeded);
  ApplyRequest(done, /*skip_mail=*/false, kNow);
  EXPECT_EQ(done.state, RunState::kPending);
  EXPECT_FALSE(done.skip_mail);

  WeeklyReportRun mailed{.state = RunState::kSucceeded, .end_time = kNow};
  ApplyRequest(mailed, /*skip_mail=*/false, kNow);
  EXPECT_EQ(mailed.state, RunState::kSucceeded);

  WeeklyReportRun running{.state = RunState::kRunning, .skip_mail = true};
  ApplyRequest(running, /*skip_mail=*/false, kNow);
  EXPECT_EQ(running.state, RunState::kRunning);
  EXPECT_FALSE(running.skip_mail);
}

TEST(WeeklyReportRunTest, OnlyTheLatestClaimHoldsTheRun) {
  WeeklyReportRun run;
  Claim(run, kNow);
  EXPECT_FALSE(IsClaimable(run, kNow + kRunLease - absl::Seconds(1)));
  EXPECT_TRUE(IsClaimable(run, kNow + kRunLease));
  Claim(run, kNow + kRunLease);
  EXPECT_THAT(CheckHeld(run, 1), StatusIs(absl::StatusCode::kAborted));
  EXPECT_OK(CheckHeld(run, 2));
}

TEST(WeeklyReportRunTest, CancelsOnlyOnce) {
  WeeklyReportRun run;
  Claim(run, kNow);
  EXPECT_OK(Cancel(run, kNow));
  EXPECT_EQ(run.end_time, kNow);
  EXPECT_THAT(CheckHeld(run, run.fence), StatusIs(absl::StatusCode::kAborted));
  const absl::Status again = Cancel(run, kNow);
  EXPECT_THAT(again, StatusIs(absl::StatusCode::kFailedPrecondition));
  EXPECT_EQ(ReasonOf(again).reason, "RUN_ENDED");
}

TEST(WeeklyReportRunTest, BacksOffAfterEachFailureAndGivesUpEventually) {
  WeeklyReportRun run;
  Claim(run, kNow);
  absl::Time now = kNow;
  absl::Duration last_wait = absl::ZeroDuration();
  while (!run.Ended()) {
    Defer(run, absl::UnavailableError("no connection"), now);
    EXPECT_THAT(run.detail, HasSubstr("no connection"));
    if (run.Ended()) break;
    EXPECT_EQ(run.state, RunState::kRunning);
    EXPECT_FALSE(IsClaimable(run, now));
    EXPECT_TRUE(IsClaimable(run, run.next_attempt_time));
    EXPECT_GE(run.next_attempt_time - now, last_wait);
    EXPECT_LE(run.next_attempt_time - now, absl::Minutes(15));
    last_wait = run.next_attempt_time - now;
    now = run.next_attempt_time;
  }
  EXPECT_EQ(run.state, RunState::kFailed);
  EXPECT_EQ(run.end_time, now);
  EXPECT_GE(now - kNow, kGiveUpAfter);
}

TEST(WeeklyReportRunTest, SentMailResetsTheFailureCount) {
  WeeklyReportRun run;
  Claim(run, kNow);
  Defer(run, absl::UnavailableError("away"), kNow);
  CountMail(run, 3, 0, "");
  EXPECT_EQ(run.first_failure_time, std::nullopt);
  EXPECT_EQ(run.failure_count, 0);
  EXPECT_THAT(run.detail, IsEmpty());
  CountMail(run, 1, 2, "s9: bad");
  CountMail(run, 1, 0, "");
  EXPECT_EQ(run.mail_count, 5);
  EXPECT_EQ(run.detail, "dispatch rejected 2 mails; the last one: s9: bad");
}

}  // namespace
}  // namespace lmsmail::report
