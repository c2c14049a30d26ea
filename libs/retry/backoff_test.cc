#include "libs/retry/backoff.h"

#include <gtest/gtest.h>

#include <limits>
#include <set>

namespace lmsmail::retry {
namespace {

constexpr BackoffPolicy kPolicy{absl::Seconds(2), absl::Seconds(7)};

TEST(BackoffTest, DoublesWithEachFailureUpToTheMax) {
  EXPECT_EQ(Backoff(kPolicy, 1), absl::Seconds(2));
  EXPECT_EQ(Backoff(kPolicy, 2), absl::Seconds(4));
  EXPECT_EQ(Backoff(kPolicy, 3), absl::Seconds(7));
  EXPECT_EQ(Backoff(kPolicy, std::numeric_limits<int>::max()), absl::Seconds(7));
}

TEST(BackoffTest, WaitsTheInitialTimeForCountsBelowOne) {
  EXPECT_EQ(Backoff(kPolicy, 0), absl::Seconds(2));
  EXPECT_EQ(Backoff(kPolicy, std::numeric_limits<int>::min() + 1), absl::Seconds(2));
}

TEST(WithJitterTest, StaysWithinAQuarterOfTheWait) {
  for (int key = 0; key < 1000; ++key) {
    const absl::Duration wait = WithJitter(absl::Seconds(100), key, 1);
    EXPECT_GE(wait, absl::Seconds(75));
    EXPECT_LT(wait, absl::Seconds(125));
  }
}

TEST(WithJitterTest, DependsOnTheKeyAndTheCountAlone) {
  std::set<absl::Duration> waits;
  for (int key = 0; key < 10; ++key) {
    for (int failures = 0; failures < 10; ++failures) {
      waits.insert(WithJitter(absl::Seconds(100), key, failures));
    }
  }
  EXPECT_EQ(waits.size(), 100u);
  EXPECT_EQ(WithJitter(absl::Seconds(100), 5, 2), WithJitter(absl::Seconds(100), 5, 2));
}

TEST(BackoffWithJitterTest, JittersTheDoubledWait) {
  EXPECT_EQ(BackoffWithJitter(kPolicy, 2, 9), WithJitter(absl::Seconds(4), 9, 2));
}

}  // namespace
}  // namespace lmsmail::retry
