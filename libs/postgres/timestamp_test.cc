#include "libs/postgres/timestamp.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

TEST(TimestampTest, RoundsToMicrosecondsTowardsThePast) {
  EXPECT_EQ(ToTimestamptz(absl::FromUnixNanos(1'500)), "1970-01-01 00:00:00.000001+00");
  EXPECT_EQ(ToTimestamptz(absl::FromUnixNanos(-1)), "1969-12-31 23:59:59.999999+00");
}

TEST(TimestampTest, ReadsWhatItWrites) {
  for (const absl::Time time :
       {absl::UnixEpoch(), absl::FromUnixMicros(1'732'525'200'123'456), absl::FromUnixMicros(-1),
        absl::InfiniteFuture(), absl::InfinitePast()}) {
    EXPECT_THAT(ParseTimestamptz(ToTimestamptz(time)), IsOkAndHolds(time));
  }
}

TEST(TimestampTest, ReadsFractionsOfAnyLength) {
  const absl::Time second = absl::FromUnixSeconds(1'732'516'200);
  EXPECT_THAT(ParseTimestamptz("2024-11-25 06:30:00+00"), IsOkAndHolds(second));
  EXPECT_THAT(ParseTimestamptz("2024-11-25 06:30:00.5+00"),
              IsOkAndHolds(second + absl::Milliseconds(500)));
  EXPECT_THAT(ParseTimestamptz("2024-11-25 06:30:00.00012+00"),
              IsOkAndHolds(second + absl::Microseconds(120)));
}

TEST(TimestampTest, ReadsYearsOfAnyLength) {
  for (const int year : {1, 999, 1900, 2024, 9999, 10'000, 294'000}) {
    const absl::Time time = absl::FromCivil(absl::CivilYear(year), absl::UTCTimeZone());
    const std::string text = fmt::format("{:04}-01-01 00:00:00+00", year);
    EXPECT_THAT(ParseTimestamptz(text), IsOkAndHolds(time)) << text;
  }
}

TEST(TimestampTest, ReadsOtherOffsetsAndShortFractions) {
  EXPECT_THAT(ParseTimestamptz("2024-11-25 12:00:00.5+05:30"),
              IsOkAndHolds(absl::FromUnixMillis(1'732'516'200'500)));
  EXPECT_THAT(ParseTimestamptz("2024-11-25 07:00:00+02"),
              IsOkAndHolds(absl::FromUnixSeconds(1'732'510'800)));
}

TEST(TimestampTest, RefusesOtherText) {
  for (const char* text :
       {"", "now", "2024-11-25", "2024-13-01 00:00:00+00", "2023-02-29 00:00:00+00",
        "2024-11-25 24:00:00+00", "2024-11-25 06:60:00+00", "2024-11-25 06:30:0x+00"}) {
    EXPECT_THAT(ParseTimestamptz(text), StatusIs(absl::StatusCode::kInvalidArgument)) << text;
  }
}

}  // namespace
}  // namespace lmsmail::postgres
