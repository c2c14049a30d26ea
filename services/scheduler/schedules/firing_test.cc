#include "services/scheduler/schedules/firing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/time_zone/time_zone.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

Schedule Due(const std::string& cron, const std::string& next, CatchUp catch_up,
             const std::string& zone = "UTC") {
  Schedule schedule = ScheduleAt("s", cron);
  schedule.time_zone = zone;
  schedule.catch_up = catch_up;
  schedule.next_run_time = At(next);
  return schedule;
}

Firing Plan(const Schedule& schedule, absl::Time now) {
  return PlanFiring(schedule, time_zone::Load(schedule.time_zone).value(), now);
}

TEST(PlanFiringTest, PlansNothingBeforeTheNextRunTime) {
  const Schedule schedule = Due("0 9 * * *", "2026-11-23T09:00:00Z", CatchUp::kAll);
  const Firing firing = Plan(schedule, At("2026-11-23T08:59:59Z"));
  EXPECT_THAT(firing.nominal_times, IsEmpty());
  EXPECT_EQ(firing.next_run_time, schedule.next_run_time);
}

TEST(PlanFiringTest, RunsOnTimeUnderEveryPolicy) {
  for (const CatchUp catch_up : {CatchUp::kSkip, CatchUp::kLatest, CatchUp::kAll}) {
    Schedule schedule = Due("0 9 * * *", "2026-11-23T09:00:00Z", catch_up);
    schedule.catch_up_window = absl::ZeroDuration();
    const Firing firing = Plan(schedule, At("2026-11-23T09:00:59Z"));
    EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-11-23T09:00:00Z")));
    EXPECT_EQ(firing.next_run_time, At("2026-11-24T09:00:00Z"));
    EXPECT_EQ(firing.missed, 0u);
  }
}

TEST(PlanFiringTest, SkipOmitsARunThatIsAMinuteLate) {
  const Schedule schedule = Due("0 9 * * *", "2026-11-23T09:00:00Z", CatchUp::kSkip);
  const Firing firing = Plan(schedule, At("2026-11-23T09:01:00Z"));
  EXPECT_THAT(firing.nominal_times, IsEmpty());
  EXPECT_EQ(firing.missed, 1u);
  EXPECT_EQ(firing.next_run_time, At("2026-11-24T09:00:00Z"));
}

TEST(PlanFiringTest, LatestRunsOnceForTheLastMissedTime) {
  const Schedule schedule = Due("0 * * * *", "2026-11-23T09:00:00Z", CatchUp::kLatest);
  const Firing firing = Plan(schedule, At("2026-11-23T12:30:00Z"));
  EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-11-23T12:00:00Z")));
  EXPECT_EQ(firing.missed, 3u);
  EXPECT_EQ(firing.next_run_time, At("2026-11-23T13:00:00Z"));
}

TEST(PlanFiringTest, AllRunsTheLastTenOldestFirst) {
  const Schedule schedule = Due("0 * * * *", "2026-11-23T00:00:00Z", CatchUp::kAll);
  const Firing firing = Plan(schedule, At("2026-11-23T12:30:00Z"));
  ASSERT_EQ(firing.nominal_times.size(), 10u);
  EXPECT_EQ(firing.nominal_times.front(), At("2026-11-23T03:00:00Z"));
  EXPECT_EQ(firing.nominal_times.back(), At("2026-11-23T12:00:00Z"));
  EXPECT_EQ(firing.missed, 3u);
}

TEST(PlanFiringTest, DoesNotCatchUpTimesBeforeTheWindow) {
  Schedule schedule = Due("0 9 * * MON", "2026-11-16T09:00:00Z", CatchUp::kLatest);
  const Firing firing = Plan(schedule, At("2026-11-18T00:00:00Z"));
  EXPECT_THAT(firing.nominal_times, IsEmpty());
  EXPECT_EQ(firing.missed, 1u);
  schedule.catch_up_window = absl::Hours(48);
  EXPECT_THAT(Plan(schedule, At("2026-11-18T00:00:00Z")).nominal_times,
              ElementsAre(At("2026-11-16T09:00:00Z")));
}

TEST(PlanFiringTest, SkippedLocalTimeRunsAfterTheGap) {
  // Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 UTC.
  const Schedule schedule =
      Due("30 2 * * *", "2026-03-28T01:30:00Z", CatchUp::kAll, "Europe/Berlin");
  Schedule wide = schedule;
  wide.catch_up_window = absl::Hours(24 * 7);
  EXPECT_THAT(Plan(wide, At("2026-03-30T12:00:00Z")).nominal_times,
              ElementsAre(At("2026-03-28T01:30:00Z"), At("2026-03-29T01:00:00Z"),
                          At("2026-03-30T00:30:00Z")));
}

TEST(PlanFiringTest, RepeatedLocalTimeRunsOnce) {
  // Berlin, 25 October 2026: 03:00 becomes 02:00, so 02:30 is at 00:30 and at 01:30 UTC.
  const Schedule schedule =
      Due("30 2 * * *", "2026-10-25T00:30:00Z", CatchUp::kAll, "Europe/Berlin");
  const Firing firing = Plan(schedule, At("2026-10-25T12:00:00Z"));
  EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-10-25T00:30:00Z")));
  EXPECT_EQ(firing.next_run_time, At("2026-10-26T01:30:00Z"));
}

TEST(PlanFiringTest, LimitsTheCountOfMissedRuns) {
  Schedule schedule = Due("* * * * *", "2025-11-23T09:00:00Z", CatchUp::kLatest);
  schedule.catch_up_window = absl::Hours(24 * 30);
  const Firing firing = Plan(schedule, At("2026-11-23T09:00:30Z"));
  EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-11-23T09:00:00Z")));
  EXPECT_EQ(firing.missed, 1000u);
}

// Vancouver keeps summer time from 2026 on: what was 09:00 on Mondays (17:00Z) is 10:00 then. A
// fixed offset stands for the rules of the newer zone database.
const absl::TimeZone kNewVancouver = absl::FixedTimeZone(-7 * 3600);

TEST(PlanFiringTest, AStoredTimeOfEarlierRulesRunsOnce) {
  for (const CatchUp catch_up : {CatchUp::kSkip, CatchUp::kLatest, CatchUp::kAll}) {
    const Schedule schedule = Due("0 9 * * MON", "2026-11-23T17:00:00Z", catch_up);
    const Firing firing = PlanFiring(schedule, kNewVancouver, At("2026-11-23T17:00:01Z"));
    EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-11-23T17:00:00Z")));
    EXPECT_EQ(firing.missed, 0u);
    EXPECT_EQ(firing.next_run_time, At("2026-11-30T16:00:00Z"));
  }
}

TEST(PlanFiringTest, TheTimeThatNewRulesGiveTheSameOccurrenceDoesNotRun) {
  // The clock goes back for good: 09:00 is an hour later than it was stored.
  const absl::TimeZone later = absl::FixedTimeZone(-9 * 3600);
  for (const CatchUp catch_up : {CatchUp::kSkip, CatchUp::kLatest, CatchUp::kAll}) {
    const Schedule schedule = Due("0 9 * * *", "2026-11-23T17:00:00Z", catch_up);
    const Firing firing = PlanFiring(schedule, later, At("2026-11-23T17:00:01Z"));
    EXPECT_THAT(firing.nominal_times, ElementsAre(At("2026-11-23T17:00:00Z")));
    EXPECT_EQ(firing.next_run_time, At("2026-11-24T18:00:00Z"));
  }
}

TEST(PlanFiringTest, CatchesUpAcrossAChangeOfRules) {
  const Schedule schedule = Due("0 9 * * *", "2026-11-21T17:00:00Z", CatchUp::kAll);
  Schedule wide = schedule;
  wide.catch_up_window = absl::Hours(24 * 7);
  const Firing all = PlanFiring(wide, kNewVancouver, At("2026-11-23T20:00:00Z"));
  EXPECT_THAT(all.nominal_times, ElementsAre(At("2026-11-21T17:00:00Z"), At("2026-11-22T16:00:00Z"),
                                             At("2026-11-23T16:00:00Z")));
  EXPECT_EQ(all.missed, 0u);
  const Firing day = PlanFiring(schedule, kNewVancouver, At("2026-11-23T20:00:00Z"));
  EXPECT_THAT(day.nominal_times, ElementsAre(At("2026-11-23T16:00:00Z")));
  EXPECT_EQ(day.missed, 2u);
}

TEST(PlanAnewTest, MovesTheNextRunWithTheRules) {
  const Schedule schedule = Due("0 9 * * MON", "2026-11-23T17:00:00Z", CatchUp::kLatest);
  EXPECT_EQ(PlanAnew(schedule, kNewVancouver, At("2026-11-20T00:00:00Z")),
            At("2026-11-23T16:00:00Z"));
  // Its new time has passed: it is late, not lost.
  EXPECT_EQ(PlanAnew(schedule, kNewVancouver, At("2026-11-23T16:30:00Z")),
            At("2026-11-23T17:00:00Z"));
  // From one end of the world to the other.
  EXPECT_EQ(PlanAnew(Due("0 9 * * MON", "2026-11-23T20:00:00Z", CatchUp::kLatest),
                     absl::FixedTimeZone(13 * 3600), At("2026-11-20T00:00:00Z")),
            At("2026-11-22T20:00:00Z"));
}

TEST(PlanAnewTest, KeepsWhatThePresentRulesSay) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const Schedule schedule = Due("*/5 * * * *", "2026-11-23T17:05:00Z", CatchUp::kLatest);
  EXPECT_EQ(PlanAnew(schedule, utc, At("2026-11-23T16:00:00Z")), schedule.next_run_time);
  EXPECT_EQ(PlanAnew(schedule, utc, At("2026-11-23T18:00:00Z")), schedule.next_run_time) << "due";
  EXPECT_EQ(PlanAnew(schedule, absl::FixedTimeZone(13 * 3600), At("2026-11-23T17:00:01Z")),
            schedule.next_run_time);
  Schedule first = schedule;
  first.next_run_time = std::nullopt;
  EXPECT_EQ(PlanAnew(first, utc, At("2026-11-23T16:00:00Z")), At("2026-11-23T16:05:00Z"));
}

}  // namespace
}  // namespace lmsmail::scheduler
