#include "services/report/domain/local_time.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/time_zone/time_zone.h"

namespace lmsmail::report {
namespace {

constexpr absl::CivilMinute kMondayAtNine(2026, 11, 23, 9, 0);

absl::TimeZone Zone(const char* name) { return time_zone::Load(name).value(); }

std::string SentAt(absl::CivilMinute time, const char* zone, const char* school) {
  const IsoWeek week = *IsoWeek::Parse("2026-W47");
  return absl::FormatTime("%Y-%m-%dT%H:%MZ",
                          InstantOf(time, Zone(zone), week.DayBounds(Zone(school)).back()),
                          absl::UTCTimeZone());
}

TEST(LocalTimeTest, HasOneForm) {
  EXPECT_EQ(ParseLocalTime("2026-11-23T09:00"), kMondayAtNine);
  EXPECT_EQ(FormatLocalTime(kMondayAtNine), "2026-11-23T09:00");
  for (const char* wrong : {"", "2026-11-23", "2026-11-23T09:00:00", "2026-11-23T9:00",
                            "2026-11-23 09:00", "2026-13-01T09:00", "2026-11-23T24:00",
                            "2026-02-30T09:00", "2026-11-23T09:00Z", " 2026-11-23T09:00"}) {
    EXPECT_EQ(ParseLocalTime(wrong), std::nullopt) << wrong;
  }
}

TEST(LocalTimeTest, BelongsToTheDaysAfterTheWeek) {
  const IsoWeek week = *IsoWeek::Parse("2026-W47");
  EXPECT_TRUE(IsAfterWeek(kMondayAtNine, week));
  EXPECT_TRUE(IsAfterWeek(absl::CivilMinute(2026, 11, 29, 23, 59), week));
  EXPECT_FALSE(IsAfterWeek(absl::CivilMinute(2026, 11, 22, 23, 59), week));
  EXPECT_FALSE(IsAfterWeek(absl::CivilMinute(2026, 11, 30, 0, 0), week));
}

TEST(LocalTimeTest, IsTheHourWhereTheStudentLives) {
  EXPECT_EQ(SentAt(kMondayAtNine, "Europe/Berlin", "Europe/Berlin"), "2026-11-23T08:00Z");
  EXPECT_EQ(SentAt(kMondayAtNine, "America/Los_Angeles", "Europe/Berlin"), "2026-11-23T17:00Z");
  EXPECT_EQ(SentAt(kMondayAtNine, "Asia/Kolkata", "Europe/Berlin"), "2026-11-23T03:30Z");
}

TEST(LocalTimeTest, WaitsADayWhereTheHourComesBeforeTheSchoolsWeekIsOver) {
  // 09:00 in Auckland is 21:00 on Sunday in Berlin.
  EXPECT_EQ(SentAt(kMondayAtNine, "Pacific/Auckland", "Europe/Berlin"), "2026-11-23T20:00Z");
  EXPECT_EQ(SentAt(kMondayAtNine, "Pacific/Auckland", "Pacific/Auckland"), "2026-11-22T20:00Z");
  EXPECT_EQ(SentAt(kMondayAtNine, "Pacific/Kiritimati", "Pacific/Pago_Pago"), "2026-11-23T19:00Z");
}

TEST(LocalTimeTest, ATimeInAGapOrFoldHasOneInstant) {
  const IsoWeek week = *IsoWeek::Parse("2026-W12");
  const absl::Time end = week.DayBounds(absl::UTCTimeZone()).back();
  // 02:30 on 29 March does not exist in Berlin; 02:30 on 25 October is there twice.
  EXPECT_EQ(InstantOf(absl::CivilMinute(2026, 3, 29, 2, 30), Zone("Europe/Berlin"), end),
            absl::FromCivil(absl::CivilHour(2026, 3, 29, 1), absl::UTCTimeZone()));
  EXPECT_EQ(InstantOf(absl::CivilMinute(2026, 10, 25, 2, 30), Zone("Europe/Berlin"), end),
            absl::FromCivil(absl::CivilMinute(2026, 10, 25, 0, 30), absl::UTCTimeZone()));
}

}  // namespace
}  // namespace lmsmail::report
