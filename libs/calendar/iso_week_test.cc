#include "libs/calendar/iso_week.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace lmsmail {
namespace {

absl::TimeZone Zone(const std::string& name) {
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(name, &zone)) << name;
  return zone;
}

TEST(IsoWeekTest, ParsesItsOwnText) {
  for (const char* text : {"2026-W47", "2026-W01", "2020-W53", "2026-W53", "1999-W52"}) {
    const auto week = IsoWeek::Parse(text);
    ASSERT_TRUE(week) << text;
    EXPECT_EQ(week->ToString(), text);
  }
}

TEST(IsoWeekTest, RefusesOtherFormsAndWeeksThatDoNotExist) {
  for (const char* text : {"", "2026-47", "2026W47", "2026-w47", "2026-W7", "2026-W047", "2026-W00",
                           "2025-W53", "2026-W54", "2026-W-1", "+026-W47", "0000-W01"}) {
    EXPECT_FALSE(IsoWeek::Parse(text)) << text;
  }
}

TEST(IsoWeekTest, BelongsToYearOfItsThursday) {
  EXPECT_EQ(IsoWeek(absl::CivilDay(2027, 1, 3)).ToString(), "2026-W53");
  EXPECT_EQ(IsoWeek(absl::CivilDay(2025, 12, 29)).ToString(), "2026-W01");
  EXPECT_EQ(IsoWeek(absl::CivilDay(2026, 11, 16)).first_day(), absl::CivilDay(2026, 11, 16));
  EXPECT_EQ(IsoWeek(absl::CivilDay(2026, 11, 22)).first_day(), absl::CivilDay(2026, 11, 16));
  EXPECT_EQ(IsoWeek(absl::CivilDay(2026, 11, 16)).last_day(), absl::CivilDay(2026, 11, 22));
}

TEST(IsoWeekTest, SortsByTime) {
  EXPECT_LT(*IsoWeek::Parse("2026-W53"), *IsoWeek::Parse("2027-W01"));
  EXPECT_EQ(*IsoWeek::Parse("2026-W47"), IsoWeek(absl::CivilDay(2026, 11, 18)));
}

TEST(IsoWeekTest, LastWholeWeekEndsAtLocalMidnight) {
  const absl::TimeZone auckland = Zone("Pacific/Auckland");
  const absl::Time monday = absl::FromCivil(absl::CivilDay(2026, 11, 23), auckland);
  EXPECT_EQ(IsoWeek::LastWhole(monday, auckland).ToString(), "2026-W47");
  EXPECT_EQ(IsoWeek::LastWhole(monday - absl::Seconds(1), auckland).ToString(), "2026-W46");
  EXPECT_EQ(IsoWeek::LastWhole(monday, absl::UTCTimeZone()).ToString(), "2026-W46");
}

TEST(IsoWeekTest, LastWholeWeekAtNewYear) {
  const absl::TimeZone utc = absl::UTCTimeZone();
  const auto at = [&](int month, int day) {
    return absl::FromCivil(absl::CivilDay(2027, month, day), utc);
  };
  EXPECT_EQ(IsoWeek::LastWhole(at(1, 4), utc).ToString(), "2026-W53");
  EXPECT_EQ(IsoWeek::LastWhole(at(1, 1), utc).ToString(), "2026-W52");
}

TEST(IsoWeekTest, DayIsShorterWhenSummerTimeBegins) {
  const auto days = IsoWeek::Parse("2026-W13")->DayBounds(Zone("Europe/Berlin"));
  ASSERT_EQ(days.size(), 8u);
  EXPECT_EQ(days[1] - days[0], absl::Hours(24));
  EXPECT_EQ(days[7] - days[6], absl::Hours(23));
}

}  // namespace
}  // namespace lmsmail
