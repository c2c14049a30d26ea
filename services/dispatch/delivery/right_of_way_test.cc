#include "services/dispatch/delivery/right_of_way.h"

#include <gtest/gtest.h>

#include <thread>

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {
namespace {

class RightOfWayTest : public ::testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  RightOfWay right_of_way_{clock_};
};

TEST_F(RightOfWayTest, NobodyHasItAtFirst) {
  EXPECT_FALSE(right_of_way_.taken());
  right_of_way_.GiveWay();
}

TEST_F(RightOfWayTest, EndsWhenWhatCameIsOnItsWay) {
  right_of_way_.Begin();
  EXPECT_TRUE(right_of_way_.taken());
  std::thread ordinary([&] { right_of_way_.GiveWay(); });
  right_of_way_.End(clock_.Now());
  EXPECT_FALSE(right_of_way_.taken());
  ordinary.join();
}

TEST_F(RightOfWayTest, LastsForWhatCameLater) {
  right_of_way_.Begin();
  const absl::Time claimed = clock_.Now();
  clock_.Advance(absl::Milliseconds(1));
  right_of_way_.Begin();
  right_of_way_.End(claimed);
  EXPECT_TRUE(right_of_way_.taken());
}

TEST_F(RightOfWayTest, EndsAfterAWhileThoughNothingGoesOnItsWay) {
  right_of_way_.Begin();
  clock_.Advance(RightOfWay::kLongest);
  right_of_way_.GiveWay();
  EXPECT_FALSE(right_of_way_.taken());
}

TEST_F(RightOfWayTest, OrdinaryMailHasItsShareHoweverMuchUrgentMailComes) {
  right_of_way_.Begin();
  clock_.Advance(RightOfWay::kLongest);
  right_of_way_.GiveWay();
  right_of_way_.Begin();
  EXPECT_FALSE(right_of_way_.taken());
  clock_.Advance(RightOfWay::kLongest / 4);
  right_of_way_.Begin();
  EXPECT_TRUE(right_of_way_.taken());
}

}  // namespace
}  // namespace lmsmail::dispatch
