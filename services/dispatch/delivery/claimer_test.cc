#include "services/dispatch/delivery/claimer.h"

#include <gtest/gtest.h>

#include "libs/telemetry/metrics.h"
#include "services/dispatch/storage/in_memory_store.h"

namespace lmsmail::dispatch {
namespace {

class ClaimerTest : public testing::Test {
 protected:
  // Whether urgent mail still has the right of way after an attempt to claim.
  bool TakenAfterAnAttempt(RightOfWay* gives_way_to) {
    Claimer claimer(store_, clock_, metrics_,
                    {.worker = "test", .lanes = {Lane::kBulk}, .gives_way_to = gives_way_to});
    right_of_way_.Begin();
    clock_.Advance(RightOfWay::kLongest);
    claimer.TakeNext([](Lane) { return true; });
    return right_of_way_.taken();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  InMemoryStore store_{clock_};
  telemetry::Metrics registry_{{"dispatch", "test"}};
  DispatchMetrics metrics_{registry_};
  RightOfWay right_of_way_{clock_};
};

TEST_F(ClaimerTest, StandsAsideForUrgentMailWhereToldTo) {
  EXPECT_TRUE(TakenAfterAnAttempt(nullptr));
  EXPECT_FALSE(TakenAfterAnAttempt(&right_of_way_));
}

}  // namespace
}  // namespace lmsmail::dispatch
