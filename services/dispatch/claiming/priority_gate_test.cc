#include "services/dispatch/claiming/priority_gate.h"

#include <gtest/gtest.h>

#include <thread>

#include "absl/synchronization/notification.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {
namespace {

class PriorityGateTest : public ::testing::Test {
 protected:
  // Ordinary mail that yields at the closed gate, on a thread of its own.
  class Yielder {
   public:
    explicit Yielder(PriorityGate& gate)
        : thread_([this, &gate] {
            gate.Yield();
            passed_.Notify();
          }) {}
    ~Yielder() { thread_.join(); }

    bool PassesWithin(absl::Duration time) const {
      return passed_.WaitForNotificationWithTimeout(time);
    }

   private:
    absl::Notification passed_;
    std::thread thread_;
  };

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  PriorityGate gate_{clock_};
};

TEST_F(PriorityGateTest, IsOpenInitially) {
  EXPECT_FALSE(gate_.closed());
  gate_.Yield();
}

TEST_F(PriorityGateTest, OrdinaryMailWaitsUntilUrgentMailIsSent) {
  const absl::Time arrival = clock_.Now();
  gate_.UrgentArrived();
  EXPECT_TRUE(gate_.closed());
  clock_.Advance(-absl::Hours(1));  // the longest pause is an hour away
  const Yielder ordinary(gate_);
  EXPECT_FALSE(ordinary.PassesWithin(absl::Milliseconds(20)));
  gate_.UrgentGone(arrival);
  EXPECT_TRUE(ordinary.PassesWithin(absl::Seconds(30)));
  EXPECT_FALSE(gate_.closed());
}

TEST_F(PriorityGateTest, StaysClosedForMailThatArrivedLater) {
  gate_.UrgentArrived();
  const absl::Time claimed = clock_.Now();
  clock_.Advance(absl::Milliseconds(1));
  gate_.UrgentArrived();
  gate_.UrgentGone(claimed);
  EXPECT_TRUE(gate_.closed());
  gate_.UrgentGone(clock_.Now());
  EXPECT_FALSE(gate_.closed());
}

TEST_F(PriorityGateTest, ACallThatAcceptsNothingOpensTheGateAtItsEnd) {
  gate_.AcceptBegins();
  EXPECT_TRUE(gate_.closed());
  gate_.UrgentGone(clock_.Now());  // the mail may be about to arrive
  EXPECT_TRUE(gate_.closed());
  gate_.AcceptEnds();
  EXPECT_FALSE(gate_.closed());
}

TEST_F(PriorityGateTest, WaitsForAcceptedMailAfterTheCall) {
  gate_.AcceptBegins();
  gate_.AcceptBegins();
  gate_.UrgentArrived();
  gate_.AcceptEnds();
  gate_.UrgentGone(clock_.Now());
  EXPECT_TRUE(gate_.closed()) << "the other call";
  gate_.AcceptEnds();
  EXPECT_FALSE(gate_.closed());
}

TEST_F(PriorityGateTest, OpensAfterTheMaximumPause) {
  gate_.UrgentArrived();
  const Yielder ordinary(gate_);
  EXPECT_TRUE(ordinary.PassesWithin(absl::Seconds(30)));
  EXPECT_FALSE(gate_.closed());
}

TEST_F(PriorityGateTest, StaysOpenForAQuarterOfThePauseDespiteNewUrgentMail) {
  gate_.UrgentArrived();
  clock_.Advance(PriorityGate::kMaxPause);
  gate_.Yield();
  gate_.UrgentArrived();
  EXPECT_FALSE(gate_.closed());
  clock_.Advance(PriorityGate::kMaxPause / 4);
  gate_.UrgentArrived();
  EXPECT_TRUE(gate_.closed());
}

}  // namespace
}  // namespace lmsmail::dispatch
