#include "services/dispatch/transport/pacer.h"

#include <gtest/gtest.h>

namespace lmsmail::dispatch {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'800'000'000);

TEST(PacerTest, SpacesTurnsEvenly) {
  Pacer pacer(10);
  EXPECT_EQ(pacer.TakeTurn(kNow), absl::ZeroDuration());
  EXPECT_EQ(pacer.TakeTurn(kNow), absl::Milliseconds(100));
  EXPECT_EQ(pacer.TakeTurn(kNow + absl::Milliseconds(50)), absl::Milliseconds(150));
}

TEST(PacerTest, SavesNoTurnsUp) {
  Pacer pacer(10);
  pacer.TakeTurn(kNow);
  EXPECT_EQ(pacer.TakeTurn(kNow + absl::Hours(1)), absl::ZeroDuration());
  EXPECT_EQ(pacer.TakeTurn(kNow + absl::Hours(1)), absl::Milliseconds(100));
}

TEST(PacerTest, ZeroIsNoLimit) {
  Pacer pacer(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(pacer.TakeTurn(kNow), absl::ZeroDuration());
}

}  // namespace
}  // namespace lmsmail::dispatch
