#include "libs/retry/backoff.h"

#include <gtest/gtest.h>

#include <limits>

namespace lmsmail::retry {
namespace {

TEST(BackoffTest, DoublesUpToTheMost) {
  const absl::Duration first = absl::Seconds(2);
  const absl::Duration most = absl::Seconds(7);
  EXPECT_EQ(Backoff(1, first, most), first);
  EXPECT_EQ(Backoff(2, first, most), absl::Seconds(4));
  EXPECT_EQ(Backoff(3, first, most), most);
}

TEST(BackoffTest, BearsAnyCount) {
  const absl::Duration first = absl::Seconds(2);
  EXPECT_EQ(Backoff(0, first, absl::Minutes(15)), first);
  EXPECT_EQ(Backoff(std::numeric_limits<int>::max(), first, absl::Minutes(15)), absl::Minutes(15));
}

}  // namespace
}  // namespace lmsmail::retry
