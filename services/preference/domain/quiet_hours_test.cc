#include "services/preference/domain/quiet_hours.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::preference {
namespace {

QuietHours Hours(std::string_view start, std::string_view end) {
  return QuietHours::Parse(start, end).value();
}
absl::TimeZone Zone(std::string_view name) { return time_zone::Load(name).value(); }

absl::Time At(const std::string& rfc3339) {
  absl::Time time;
  std::string error;
  EXPECT_TRUE(absl::ParseTime(absl::RFC3339_full, rfc3339, &time, &error)) << error;
  return time;
}

TEST(QuietHoursTest, HandlesASpanAcrossMidnight) {
  const QuietHours hours = Hours("21:00", "08:00");
  const absl::TimeZone utc = absl::UTCTimeZone();
  EXPECT_EQ(hours.EndAfter(At("2026-03-02T20:59:59Z"), utc), std::nullopt);
  EXPECT_EQ(hours.EndAfter(At("2026-03-02T21:00:00Z"), utc), At("2026-03-03T08:00:00Z"));
  EXPECT_EQ(hours.EndAfter(At("2026-03-03T07:59:59Z"), utc), At("2026-03-03T08:00:00Z"));
  EXPECT_EQ(hours.EndAfter(At("2026-03-03T08:00:00Z"), utc), std::nullopt);
}

TEST(QuietHoursTest, HandlesASpanWithinADay) {
  const QuietHours hours = Hours("12:00", "14:30");
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(hours.EndAfter(At("2026-01-05T10:59:00Z"), berlin), std::nullopt);
  EXPECT_EQ(hours.EndAfter(At("2026-01-05T11:00:00Z"), berlin), At("2026-01-05T13:30:00Z"));
  EXPECT_EQ(hours.EndAfter(At("2026-01-05T13:30:00Z"), berlin), std::nullopt);
}

// In Berlin, clocks change from 02:00 to 03:00 on 2026-03-29 and from 03:00 to 02:00 on 2026-10-25.
TEST(QuietHoursTest, EndsAtLocalTimeAfterAClockChange) {
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  const QuietHours night = Hours("21:00", "08:00");
  EXPECT_EQ(night.EndAfter(At("2026-03-28T22:00:00+01:00"), berlin),
            At("2026-03-29T08:00:00+02:00"));
  EXPECT_EQ(night.EndAfter(At("2026-10-24T22:00:00+02:00"), berlin),
            At("2026-10-25T08:00:00+01:00"));
}

TEST(QuietHoursTest, SkippedEndIsTheClockChange) {
  EXPECT_EQ(
      Hours("21:00", "02:30").EndAfter(At("2026-03-29T01:00:00+01:00"), Zone("Europe/Berlin")),
      At("2026-03-29T03:00:00+02:00"));
}

TEST(QuietHoursTest, RepeatedEndIsTheNextOccurrence) {
  const QuietHours hours = Hours("21:00", "02:30");
  const absl::TimeZone berlin = Zone("Europe/Berlin");
  EXPECT_EQ(hours.EndAfter(At("2026-10-25T02:10:00+02:00"), berlin),
            At("2026-10-25T02:30:00+02:00"));
  EXPECT_EQ(hours.EndAfter(At("2026-10-25T02:45:00+02:00"), berlin), std::nullopt);
  EXPECT_EQ(hours.EndAfter(At("2026-10-25T02:10:00+01:00"), berlin),
            At("2026-10-25T02:30:00+01:00"));
}

// Dispatch checks again at the returned end, which must be in the near future and not quiet.
TEST(QuietHoursTest, EndIsAlwaysLaterAndNotQuiet) {
  for (const char* name : {"Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe",
                           "Africa/Casablanca", "Pacific/Apia", "Asia/Kathmandu"}) {
    const absl::TimeZone zone = Zone(name);
    for (const QuietHours& hours : {Hours("21:00", "08:00"), Hours("00:00", "02:15")}) {
      for (absl::Time now = At("2011-12-01T00:05:00Z"); now < At("2012-12-31T00:00:00Z");
           now += absl::Minutes(47)) {
        const auto end = hours.EndAfter(now, zone);
        if (!end) continue;
        ASSERT_GT(*end, now) << name;
        ASSERT_LE(*end - now, absl::Hours(13)) << name << " " << now;
        ASSERT_EQ(hours.EndAfter(*end, zone), std::nullopt) << name << " " << now;
      }
    }
  }
}

TEST(QuietHoursTest, RejectsInvalidTimes) {
  const auto fields = [](std::string_view start, std::string_view end) {
    std::string names;
    for (const auto& violation : ViolationsOf(QuietHours::Parse(start, end).status())) {
      names += violation.field + " ";
    }
    return names;
  };
  EXPECT_EQ(fields("24:00", "8:00"), "start end ");
  EXPECT_EQ(fields("21:60", "ab:cd"), "start end ");
  EXPECT_EQ(fields("21:00", ""), "end ");
  EXPECT_EQ(fields("21:00 ", "08:00"), "start ");
  EXPECT_EQ(fields("08:00", "08:00"), "end ");
  EXPECT_EQ(fields("00:00", "23:59"), "");
}

}  // namespace
}  // namespace lmsmail::preference
