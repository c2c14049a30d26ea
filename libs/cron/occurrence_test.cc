#include "libs/cron/occurrence.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/strings/view.h"
#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::cron {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr char kFormat[] = "%Y-%m-%d %H:%M %Ez";

absl::Time At(std::string_view text) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(kFormat, ToAbsl(text), &time, &error)) << text << ": " << error;
  return time;
}

// One expression in one zone; times are written "2026-03-08 03:00 -04:00".
class Schedule {
 public:
  Schedule(std::string_view text, std::string_view zone)
      : expression_(*Parse(text)), zone_(*time_zone::Load(zone)) {}

  std::vector<std::string> Between(std::string_view after, std::string_view until) const {
    std::vector<std::string> texts;
    for (const absl::Time run : cron::Between(expression_, zone_, At(after), At(until), 1000)) {
      texts.push_back(Format(run));
    }
    return texts;
  }

  std::string Next(absl::Time after) const {
    const std::optional<absl::Time> run = cron::Next(expression_, zone_, after);
    return run ? Format(*run) : "never";
  }
  std::string Next(std::string_view after) const { return Next(At(after)); }

 private:
  std::string Format(absl::Time run) const { return absl::FormatTime(kFormat, run, zone_); }

  Expression expression_;
  absl::TimeZone zone_;
};

TEST(NextTest, FindsTheNextRun) {
  const struct {
    std::string_view expression;
    std::string_view after;
    std::string_view next;
  } cases[] = {
      {"0 9 * * MON", "2026-11-25 12:00 +00:00", "2026-11-30 09:00 +00:00"},
      {"0 9 * * MON", "2026-11-30 09:00 +00:00", "2026-12-07 09:00 +00:00"},
      {"0 9 * * MON", "2026-11-30 08:59 +00:00", "2026-11-30 09:00 +00:00"},
      {"* * * * *", "2026-12-31 23:59 +00:00", "2027-01-01 00:00 +00:00"},
      {"*/15 8-17 * * MON-FRI", "2026-11-27 17:45 +00:00", "2026-11-30 08:00 +00:00"},
      {"0 0 31 * *", "2026-01-31 00:00 +00:00", "2026-03-31 00:00 +00:00"},
      {"0 0 1,15 * FRI", "2026-03-01 00:00 +00:00", "2026-03-06 00:00 +00:00"},
      {"@yearly", "2026-01-01 00:00 +00:00", "2027-01-01 00:00 +00:00"},
      {"0 0 29 2 *", "2024-02-29 00:00 +00:00", "2028-02-29 00:00 +00:00"},
      {"0 0 29 2 *", "2096-02-29 00:00 +00:00", "2104-02-29 00:00 +00:00"},
      {"* * 29 2 *", "2096-02-29 23:59 +00:00", "2104-02-29 00:00 +00:00"},
      // "*/6" is Sunday and Saturday and starts with "*", so both days must match.
      {"0 0 29 2 */6", "2088-02-29 00:00 +00:00", "2116-02-29 00:00 +00:00"},
  };
  for (const auto& [expression, after, next] : cases) {
    EXPECT_EQ(Schedule(expression, "UTC").Next(after), next) << expression;
  }
}

TEST(NextTest, IsStrictlyAfterToTheNanosecond) {
  const Schedule nine("0 9 * * *", "UTC");
  const absl::Time run = At("2026-03-01 09:00 +00:00");
  EXPECT_EQ(nine.Next(run - absl::Nanoseconds(1)), "2026-03-01 09:00 +00:00");
  EXPECT_EQ(nine.Next(run), "2026-03-02 09:00 +00:00");
  EXPECT_EQ(nine.Next(run + absl::Nanoseconds(1)), "2026-03-02 09:00 +00:00");
  EXPECT_EQ(nine.Next(run + absl::Seconds(59)), "2026-03-02 09:00 +00:00");
}

TEST(NextTest, ReturnsNothingForDaysThatDoNotExist) {
  for (const std::string_view expression :
       {"0 0 30 2 *", "* * 31 2 *", "0 0 31 4,6,9,11 *", "*/5 * 30-31 2 *"}) {
    EXPECT_EQ(Schedule(expression, "America/New_York").Next("2026-01-01 00:00 +00:00"), "never");
  }
}

TEST(NextTest, CoversYears1970To2400) {
  const Schedule daily("@daily", "UTC");
  EXPECT_EQ(daily.Next(absl::InfinitePast()), "1970-01-01 00:00 +00:00");
  EXPECT_EQ(daily.Next(absl::InfiniteFuture()), "never");
  EXPECT_EQ(Schedule("* * * * *", "UTC").Next(absl::InfiniteFuture()), "never");
  EXPECT_EQ(Schedule("0 * * * *", "Europe/Berlin").Next("2399-10-31 00:30 +00:00"),
            "2399-10-31 02:00 +01:00");
}

TEST(BetweenTest, IncludesEndButNotStart) {
  EXPECT_THAT(
      Schedule("0 9 * * *", "UTC").Between("2026-03-01 09:00 +00:00", "2026-03-03 09:00 +00:00"),
      ElementsAre("2026-03-02 09:00 +00:00", "2026-03-03 09:00 +00:00"));
}

TEST(BetweenTest, StopsAtMaxCount) {
  const Expression every_minute = *Parse("* * * * *");
  const absl::Time start = At("2026-03-01 09:00 +00:00");
  const auto first = [&](std::size_t max_count) {
    return Between(every_minute, absl::UTCTimeZone(), start, start + absl::Hours(24 * 14),
                   max_count);
  };
  EXPECT_THAT(first(0), IsEmpty());
  EXPECT_THAT(first(2), ElementsAre(start + absl::Minutes(1), start + absl::Minutes(2)));
  EXPECT_THAT(first(30000), SizeIs(24 * 14 * 60)) << "stops at the end";
  EXPECT_THAT(Between(every_minute, absl::UTCTimeZone(), start, start, 10), IsEmpty());
}

// New York: 2026-03-08 02:00 EST -> 03:00 EDT, 2026-11-01 02:00 EDT -> 01:00 EST.

TEST(FixedHoursTest, RunAfterGap) {
  EXPECT_THAT(
      Schedule("30 2 * * *", "America/New_York")
          .Between("2026-03-07 00:00 -05:00", "2026-03-10 00:00 -04:00"),
      ElementsAre("2026-03-07 02:30 -05:00", "2026-03-08 03:00 -04:00", "2026-03-09 02:30 -04:00"));
}

TEST(FixedHoursTest, SkippedTimesRunOnceAfterGap) {
  EXPECT_THAT(Schedule("*/20 1-3 * * *", "America/New_York")
                  .Between("2026-03-08 01:30 -05:00", "2026-03-08 12:00 -04:00"),
              ElementsAre("2026-03-08 01:40 -05:00", "2026-03-08 03:00 -04:00",
                          "2026-03-08 03:20 -04:00", "2026-03-08 03:40 -04:00"));
}

TEST(FixedHoursTest, RunInFirstPassOfOverlapOnly) {
  const Schedule schedule("30 1 * * *", "America/New_York");
  EXPECT_THAT(
      schedule.Between("2026-10-31 00:00 -04:00", "2026-11-03 00:00 -05:00"),
      ElementsAre("2026-10-31 01:30 -04:00", "2026-11-01 01:30 -04:00", "2026-11-02 01:30 -05:00"));
  EXPECT_EQ(schedule.Next("2026-11-01 01:15 -05:00"), "2026-11-02 01:30 -05:00")
      << "the start is in the second pass";
}

TEST(FixedHoursTest, RunAllMinutesOfFirstPassOnly) {
  EXPECT_THAT(
      Schedule("*/20 1,2 * * *", "America/New_York")
          .Between("2026-11-01 00:00 -04:00", "2026-11-01 12:00 -05:00"),
      ElementsAre("2026-11-01 01:00 -04:00", "2026-11-01 01:20 -04:00", "2026-11-01 01:40 -04:00",
                  "2026-11-01 02:00 -05:00", "2026-11-01 02:20 -05:00", "2026-11-01 02:40 -05:00"));
}

TEST(FixedHoursTest, FollowLocalClockAllYear) {
  const Schedule monday("0 9 * * MON", "Europe/Berlin");
  EXPECT_EQ(monday.Next("2026-03-28 00:00 +01:00"), "2026-03-30 09:00 +02:00");
  EXPECT_EQ(monday.Next("2026-10-24 00:00 +02:00"), "2026-10-26 09:00 +01:00");
  EXPECT_EQ(Schedule("30 2 29 3 *", "Europe/Berlin").Next("2026-01-01 00:00 +01:00"),
            "2026-03-29 03:00 +02:00");
}

TEST(FixedHoursTest, HandleHalfHourOfSummerTime) {
  // Lord Howe: 2026-10-04 02:00 +10:30 -> 02:30 +11:00, 2026-04-05 02:00 +11:00 -> 01:30 +10:30.
  EXPECT_THAT(Schedule("15,45 2 * * *", "Australia/Lord_Howe")
                  .Between("2026-10-04 00:00 +10:30", "2026-10-05 00:00 +11:00"),
              ElementsAre("2026-10-04 02:30 +11:00", "2026-10-04 02:45 +11:00"));
  EXPECT_THAT(Schedule("15,45 1 * * *", "Australia/Lord_Howe")
                  .Between("2026-04-05 00:00 +11:00", "2026-04-06 00:00 +10:30"),
              ElementsAre("2026-04-05 01:15 +11:00", "2026-04-05 01:45 +11:00"));
}

TEST(FixedHoursTest, RunDailyWithoutSummerTime) {
  EXPECT_THAT(Schedule("30 2 * * *", "Asia/Kolkata")
                  .Between("2026-03-07 12:00 +05:30", "2026-03-09 12:00 +05:30"),
              ElementsAre("2026-03-08 02:30 +05:30", "2026-03-09 02:30 +05:30"));
}

TEST(FixedHoursTest, RunOnDayAfterSkippedDay) {
  // Samoa crossed the date line: 2011-12-29 was followed by 2011-12-31.
  EXPECT_THAT(Schedule("0 9,17 * * *", "Pacific/Apia")
                  .Between("2011-12-29 12:00 -10:00", "2011-12-31 23:00 +14:00"),
              ElementsAre("2011-12-29 17:00 -10:00", "2011-12-31 00:00 +14:00",
                          "2011-12-31 09:00 +14:00", "2011-12-31 17:00 +14:00"));
}

TEST(FixedHoursTest, RunOnceWhenMidnightOccursTwice) {
  // St. John's, until 2011: at 00:01 the clock went back to 23:01 of the previous day.
  EXPECT_THAT(Schedule("@daily", "America/St_Johns")
                  .Between("2009-10-31 12:00 -02:30", "2009-11-02 12:00 -03:30"),
              ElementsAre("2009-11-01 00:00 -02:30", "2009-11-02 00:00 -03:30"));
}

TEST(EveryHourSchedulesTest, KeepIntervalThroughOverlap) {
  const Expression every_five = *Parse("*/5 * * * *");
  const absl::TimeZone new_york = *time_zone::Load("America/New_York");
  const absl::Time start = At("2026-11-01 00:00 -04:00");
  const auto runs = Between(every_five, new_york, start, start + absl::Hours(4), 1000);
  ASSERT_THAT(runs, SizeIs(48));
  for (std::size_t i = 0; i < runs.size(); ++i) {
    EXPECT_EQ(runs[i], start + absl::Minutes(5 * (i + 1)));
  }
}

TEST(EveryHourSchedulesTest, KeepIntervalThroughGap) {
  EXPECT_THAT(Schedule("*/30 * * * *", "America/New_York")
                  .Between("2026-03-08 01:00 -05:00", "2026-03-08 04:00 -04:00"),
              ElementsAre("2026-03-08 01:30 -05:00", "2026-03-08 03:00 -04:00",
                          "2026-03-08 03:30 -04:00", "2026-03-08 04:00 -04:00"));
  EXPECT_THAT(Schedule("15 * * * *", "America/New_York")
                  .Between("2026-03-08 01:00 -05:00", "2026-03-08 04:00 -04:00"),
              ElementsAre("2026-03-08 01:15 -05:00", "2026-03-08 03:15 -04:00"));
}

TEST(EveryHourSchedulesTest, RunInBothPassesOfRepeatedHour) {
  EXPECT_THAT(
      Schedule("@hourly", "Europe/Berlin")
          .Between("2026-10-25 01:30 +02:00", "2026-10-25 03:30 +01:00"),
      ElementsAre("2026-10-25 02:00 +02:00", "2026-10-25 02:00 +01:00", "2026-10-25 03:00 +01:00"));
}

TEST(EveryHourSchedulesTest, RunAgainOnPreviousDayWhenMidnightOccursTwice) {
  EXPECT_THAT(
      Schedule("30 * 31 10 *", "America/St_Johns")
          .Between("2009-10-31 22:00 -02:30", "2009-11-02 00:00 -03:30"),
      ElementsAre("2009-10-31 22:30 -02:30", "2009-10-31 23:30 -02:30", "2009-10-31 23:30 -03:30"));
}

}  // namespace
}  // namespace lmsmail::cron
