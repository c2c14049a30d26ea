// The effects of schedules on the other services.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/clock/clock.h"
#include "libs/school/testing/fake_school.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "services/scheduler/schedules/run_worker.h"
#include "services/scheduler/schedules/schedule_registry.h"
#include "services/scheduler/schedules/schedule_worker.h"
#include "services/scheduler/storage/in_memory_schedule_store.h"
#include "services/scheduler/testing/fake_peers.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

class ScheduleRunsTest : public ::testing::Test {
 protected:
  void Create(Schedule schedule) {
    RequestRecord request = Request(schedule.id);
    ASSERT_OK(registry_.Create(std::move(schedule), request, false, {}, absl::InfiniteFuture()));
  }

  void Work() {
    schedule_worker_.RunOnce();
    while (run_worker_.RunOnce()) {
    }
  }

  std::vector<ScheduleRun> Runs(const std::string& id) {
    return store_.ListRuns(id, "", 100, absl::InfiniteFuture()).value();
  }

  FakeClock clock_{At("2026-11-22T12:00:00Z")};
  telemetry::Metrics metrics_registry_{{"scheduler", "test"}};
  SchedulerMetrics metrics_{metrics_registry_};
  FakeDispatch dispatch_;
  FakeReport report_;
  InMemoryRequestStore requests_;
  InMemoryScheduleStore store_{requests_};
  school::FakeSchool school_;
  ScheduleRegistry registry_{store_, requests_, school_, clock_};
  ScheduleWorker schedule_worker_{store_, school_, clock_, metrics_};
  RunWorker run_worker_{store_, dispatch_, report_, school_, clock_, metrics_};
};

TEST_F(ScheduleRunsTest, WeeklyReportsAreForThePreviousWeek) {
  Schedule weekly = ScheduleAt("weekly", "0 9 * * MON");
  weekly.action = GenerateWeeklyReports{};
  weekly.time_zone = "Europe/Berlin";
  Create(weekly);
  clock_.Set(At("2026-11-23T08:00:01Z"));
  Work();
  Work();
  EXPECT_THAT(report_.weeks, ElementsAre("2026-W47"));
  const auto runs = Runs("weekly");
  ASSERT_THAT(runs, SizeIs(1));
  EXPECT_EQ(runs.front().id, "20261123T080000Z");
  EXPECT_EQ(runs.front().state, ScheduleRun::State::kSucceeded);
  EXPECT_EQ(runs.front().detail, "started weeklyReportRuns/2026-W47");
}

TEST_F(ScheduleRunsTest, ExecutesEveryAction) {
  Create(ScheduleAt("sweep", "*/5 * * * *"));
  Schedule purge = ScheduleAt("purge", "0 13 * * *");
  purge.action = PurgeLogs{absl::Hours(24 * 90)};
  Create(purge);
  clock_.Set(At("2026-11-22T13:00:00Z"));
  Work();
  EXPECT_EQ(dispatch_.sweeps, 1);
  EXPECT_THAT(dispatch_.purges, ElementsAre(absl::Hours(24 * 90)));
}

TEST_F(ScheduleRunsTest, RetriesAFailedRunUpToTenTimes) {
  Create(ScheduleAt("sweep", "0 13 * * *"));
  dispatch_.error = absl::UnavailableError("connection refused");
  clock_.Set(At("2026-11-22T13:00:00Z"));
  Work();
  EXPECT_EQ(Runs("sweep").front().state, ScheduleRun::State::kPending);
  EXPECT_THAT(Runs("sweep").front().detail, HasSubstr("connection refused"));
  for (int i = 0; i < 12; ++i) {
    clock_.Advance(absl::Minutes(10));
    Work();
  }
  EXPECT_EQ(Runs("sweep").front().state, ScheduleRun::State::kFailed);
  EXPECT_EQ(Runs("sweep").front().attempts, 10);
}

TEST_F(ScheduleRunsTest, RunOfADeadReplicaIsClaimedAgainAndFenced) {
  Create(ScheduleAt("sweep", "0 13 * * *"));
  clock_.Set(At("2026-11-22T13:00:00Z"));
  schedule_worker_.RunOnce();
  const absl::Time now = clock_.Now();
  ASSERT_OK_AND_ASSIGN(auto dead,
                       store_.ClaimRun(now, now + absl::Minutes(5), absl::InfiniteFuture()));
  Work();
  EXPECT_EQ(dispatch_.sweeps, 0);
  clock_.Advance(absl::Minutes(5));
  Work();
  EXPECT_EQ(dispatch_.sweeps, 1);
  dead->run.state = ScheduleRun::State::kFailed;
  ASSERT_OK(store_.SettleRun(dead->run, now, absl::InfiniteFuture()));
  EXPECT_EQ(Runs("sweep").front().state, ScheduleRun::State::kSucceeded);
}

TEST_F(ScheduleRunsTest, DoesNotCatchUpRunsMissedWhilePaused) {
  Create(ScheduleAt("sweep", "0 * * * *"));
  ASSERT_OK_AND_ASSIGN(const Schedule paused,
                       registry_.SetPaused("sweep", true, absl::InfiniteFuture()));
  EXPECT_EQ(paused.next_run_time, std::nullopt);
  clock_.Advance(absl::Hours(5));
  Work();
  ASSERT_OK_AND_ASSIGN(const Schedule resumed,
                       registry_.SetPaused("sweep", false, absl::InfiniteFuture()));
  EXPECT_EQ(resumed.next_run_time, At("2026-11-22T18:00:00Z"));
  Work();
  EXPECT_THAT(Runs("sweep"), SizeIs(0));
  clock_.Set(At("2026-11-22T18:00:00Z"));
  Work();
  EXPECT_THAT(Runs("sweep"), SizeIs(1));
}

TEST_F(ScheduleRunsTest, ManualRunIsCreatedOncePerRequestId) {
  Create(ScheduleAt("sweep", "0 9 * * *"));
  const RequestRecord request{.method = "RunSchedule", .request_id = "manual", .digest = 7};
  ASSERT_OK_AND_ASSIGN(const ScheduleRun run,
                       registry_.Run("sweep", request, absl::InfiniteFuture()));
  EXPECT_THAT(run.id, HasSubstr("20261122T120000Z-manual-"));
  clock_.Advance(absl::Minutes(1));
  ASSERT_OK_AND_ASSIGN(const ScheduleRun again,
                       registry_.Run("sweep", request, absl::InfiniteFuture()));
  EXPECT_EQ(again.id, run.id);
  Work();
  EXPECT_EQ(dispatch_.sweeps, 1);
}

TEST_F(ScheduleRunsTest, UpdateComputesTheNextRunFromNow) {
  Create(ScheduleAt("sweep", "0 13 * * *"));
  Schedule edit = ScheduleAt("sweep", "30 15 * * *");
  ASSERT_OK_AND_ASSIGN(const Schedule updated,
                       registry_.Update(edit, {"cron"}, "", {}, absl::InfiniteFuture()));
  EXPECT_EQ(updated.next_run_time, At("2026-11-22T15:30:00Z"));
  EXPECT_EQ(updated.revision, 2);
}

TEST_F(ScheduleRunsTest, AScheduleWithoutAZoneFollowsTheSchool) {
  school_.school.time_zone = "Europe/Berlin";
  Create(ScheduleAt("sweep", "0 9 * * *"));
  EXPECT_EQ(store_.Find("sweep", absl::InfiniteFuture())->next_run_time,
            At("2026-11-23T08:00:00Z"));
  Work();
  school_.school.time_zone = "Pacific/Auckland";
  clock_.Advance(absl::Minutes(1));
  Work();
  EXPECT_EQ(store_.Find("sweep", absl::InfiniteFuture())->next_run_time,
            At("2026-11-22T20:00:00Z"));
}

TEST_F(ScheduleRunsTest, WaitsForTheSchoolToBeKnown) {
  school_.error = absl::UnavailableError("away");
  Create(ScheduleAt("sweep", "0 9 * * *"));
  Work();
  EXPECT_EQ(store_.Find("sweep", absl::InfiniteFuture())->next_run_time, std::nullopt);
  school_.error = absl::OkStatus();
  clock_.Advance(absl::Minutes(1));
  Work();
  EXPECT_EQ(store_.Find("sweep", absl::InfiniteFuture())->next_run_time,
            At("2026-11-23T09:00:00Z"));
}

TEST_F(ScheduleRunsTest, AWeekThatIsNotOverIsWaitedFor) {
  Schedule weekly = ScheduleAt("weekly", "0 9 * * MON");
  weekly.action = GenerateWeeklyReports{};
  weekly.time_zone = "Pacific/Auckland";
  Create(weekly);
  // Monday 09:00 in Auckland; in the school's zone, UTC, Sunday has four hours left.
  report_.error = WithReason(absl::FailedPreconditionError("not over"),
                             {"WEEK_NOT_OVER", {{"end_time", "2026-11-23T00:00:00Z"}}});
  for (int hour = 20; hour < 24; ++hour) {
    clock_.Set(At("2026-11-22T00:00:00Z") + absl::Hours(hour));
    Work();
  }
  EXPECT_EQ(Runs("weekly").front().state, ScheduleRun::State::kPending);
  EXPECT_THAT(Runs("weekly").front().detail, HasSubstr("waits until 2026-11-23T00:00:00"));
  EXPECT_EQ(Runs("weekly").front().attempts, 1);
  // The clock of the report service is behind.
  for (int i = 0; i < 30; ++i) {
    clock_.Set(At("2026-11-23T00:00:00Z") + i * absl::Seconds(5));
    Work();
  }
  EXPECT_EQ(Runs("weekly").front().state, ScheduleRun::State::kPending);
  report_.error = absl::OkStatus();
  clock_.Advance(absl::Seconds(5));
  Work();
  EXPECT_THAT(report_.weeks, ElementsAre("2026-W47"));
  EXPECT_EQ(Runs("weekly").front().state, ScheduleRun::State::kSucceeded);
}

TEST_F(ScheduleRunsTest, LocalTimeBeginsWithTheFirstZoneOfTheWorld) {
  school_.school.time_zone = "Europe/Berlin";
  Schedule weekly = ScheduleAt("weekly", "0 9 * * MON");
  weekly.action = GenerateWeeklyReports{};
  weekly.local_time = true;
  Create(weekly);
  EXPECT_EQ(store_.Find("weekly", absl::InfiniteFuture())->next_run_time,
            At("2026-11-22T19:00:00Z"));
  clock_.Set(At("2026-11-22T19:00:00Z"));
  Work();
  EXPECT_THAT(report_.weeks, ElementsAre("2026-W47"));
  EXPECT_THAT(report_.local_times, ElementsAre("2026-11-23T09:00"));
  // By hand, on Sunday evening: last week's, at once.
  ASSERT_OK(registry_.Run("weekly", Request("by-hand"), absl::InfiniteFuture()));
  Work();
  EXPECT_THAT(report_.weeks, ElementsAre("2026-W47", "2026-W46"));
  EXPECT_THAT(report_.local_times, ElementsAre("2026-11-23T09:00", ""));
}

TEST_F(ScheduleRunsTest, LocalTimeNeedsMailAndNoZone) {
  Schedule sweep = ScheduleAt("sweep", "0 9 * * MON");
  sweep.local_time = true;
  sweep.time_zone = "Europe/Berlin";
  const auto refused =
      registry_.Create(sweep, Request("sweep"), false, {}, absl::InfiniteFuture()).status();
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("local_time")));
  EXPECT_THAT(refused, StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("time_zone")));
}

}  // namespace
}  // namespace lmsmail::scheduler
