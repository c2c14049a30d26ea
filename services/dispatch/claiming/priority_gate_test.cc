#include "services/dispatch/claiming/priority_gate.h"

#include <gtest/gtest.h>

#include <thread>

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {
namespace {

class PriorityGateTest : public ::testing::Test {
 protected:
  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  PriorityGate priority_gate_{clock_};
};

TEST_F(PriorityGateTest, NobodyHasItAtFirst) {
  EXPECT_FALSE(priority_gate_.taken());
  priority_gate_.Yield();
}

TEST_F(PriorityGateTest, EndsWhenWhatCameIsOnItsWay) {
  priority_gate_.Begin();
  EXPECT_TRUE(priority_gate_.taken());
  std::thread ordinary([&] { priority_gate_.Yield(); });
  priority_gate_.End(clock_.Now());
  EXPECT_FALSE(priority_gate_.taken());
  ordinary.join();
}

TEST_F(PriorityGateTest, LastsForWhatCameLater) {
  priority_gate_.Begin();
  const absl::Time claimed = clock_.Now();
  clock_.Advance(absl::Milliseconds(1));
  priority_gate_.Begin();
  priority_gate_.End(claimed);
  EXPECT_TRUE(priority_gate_.taken());
}

TEST_F(PriorityGateTest, EndsAfterAWhileThoughNothingGoesOnItsWay) {
  priority_gate_.Begin();
  clock_.Advance(PriorityGate::kLongest);
  priority_gate_.Yield();
  EXPECT_FALSE(priority_gate_.taken());
}

TEST_F(PriorityGateTest, OrdinaryMailHasItsShareHoweverMuchUrgentMailComes) {
  priority_gate_.Begin();
  clock_.Advance(PriorityGate::kLongest);
  priority_gate_.Yield();
  priority_gate_.Begin();
  EXPECT_FALSE(priority_gate_.taken());
  clock_.Advance(PriorityGate::kLongest / 4);
  priority_gate_.Begin();
  EXPECT_TRUE(priority_gate_.taken());
}

}  // namespace
}  // namespace lmsmail::dispatch
