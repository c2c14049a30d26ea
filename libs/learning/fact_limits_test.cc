#include "libs/learning/fact_limits.h"

#include <gtest/gtest.h>

namespace lmsmail::learning {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'795'000'000);  // in November 2026

bool Happened(absl::Time time) {
  Violations violations;
  CheckHappened(time, kNow, "event_time", violations);
  return violations.empty();
}

bool Starts(absl::Time time) {
  Violations violations;
  CheckStart(time, kNow, "start_time", violations);
  return violations.empty();
}

TEST(FactLimitsTest, ClocksMayBeADayAhead) {
  EXPECT_TRUE(Happened(kNow + absl::Hours(24)));
  EXPECT_FALSE(Happened(kNow + absl::Hours(25)));
  EXPECT_TRUE(Happened(absl::FromUnixSeconds(946'684'800)));
  EXPECT_FALSE(Happened(absl::FromUnixSeconds(1'795'000)));  // milliseconds taken for seconds
}

TEST(FactLimitsTest, CoursesStartWithinFiveYears) {
  EXPECT_TRUE(Starts(kNow + absl::Hours(24 * 365 * 4)));
  EXPECT_FALSE(Starts(absl::FromUnixSeconds(2'208'988'800)));  // 2040
  EXPECT_FALSE(Starts(absl::FromUnixSeconds(1)));
  EXPECT_TRUE(IsNoDate(absl::FromUnixSeconds(0)));
}

TEST(FactLimitsTest, OthersNameTheField) {
  Violations violations;
  CheckWatched(absl::Hours(25), "watched", violations);
  CheckUrl("learn.example/1", "url", violations);
  CheckUrl("https://learn.example/\xc3\xbc", "url", violations);
  CheckLessonCount(-1, "count", violations);
  CheckItemId("", "id", violations);
  CheckTitle("a\nb", "title", violations);
  CheckRequiredTitle("", "title", violations);
  CheckUrl("", "url", violations);
  CheckTitle("", "title", violations);
  EXPECT_EQ(violations.list().size(), 7u);
}

}  // namespace
}  // namespace lmsmail::learning
