#include "services/dispatch/claiming/claimer.h"

#include <gtest/gtest.h>

#include "libs/telemetry/metrics.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

class ClaimerTest : public testing::Test {
 protected:
  // Whether urgent mail still has the right of way after an attempt to claim.
  bool TakenAfterAnAttempt(PriorityGate* yields_to) {
    Claimer claimer(store_, clock_, metrics_,
                    {.worker = "test", .lanes = {Lane::kBulk}, .yields_to = yields_to});
    priority_gate_.UrgentArrived();
    clock_.Advance(PriorityGate::kMaxPause);
    claimer.TakeNext([](Lane) { return true; });
    return priority_gate_.closed();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  FakeQueueStore store_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  PriorityGate priority_gate_{clock_};
};

TEST_F(ClaimerTest, YieldsToUrgentMailWithAPriorityGate) {
  EXPECT_TRUE(TakenAfterAnAttempt(nullptr));
  EXPECT_FALSE(TakenAfterAnAttempt(&priority_gate_));
}

}  // namespace
}  // namespace lmsmail::dispatch
