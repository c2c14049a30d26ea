#include "services/dispatch/storage/limit_store_contract.h"

#include <gmock/gmock.h>

#include <atomic>
#include <thread>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {

using testing::ElementsAre;
using testing::IsEmpty;

LimitStore::Request LimitStoreContract::Ask(int count, double per_second, absl::Duration ahead) {
  return {
      .key = "domain:gmail", .rule = {.per_second = per_second}, .count = count, .ahead = ahead};
}

Permits LimitStoreContract::Acquire(const LimitStore::Request& request) {
  const auto permits = store().Acquire(request);
  EXPECT_OK(permits);
  return permits.value_or(Permits());
}

Permits LimitStoreContract::Reserve(const LimitStore::Request& request) {
  const auto positions = store().Reserve(request);
  EXPECT_OK(positions);
  return positions.value_or(Permits());
}

TEST_P(LimitStoreContract, GrantsOnePermitPerInterval) {
  const Permits permits = Acquire(Ask(5));
  EXPECT_EQ(permits.count, 1);
  EXPECT_LE(permits.first, absl::ZeroDuration()) << "after an idle time the first is free";
  EXPECT_NEAR(absl::ToDoubleSeconds(permits.interval), 10, 1e-6);
  EXPECT_EQ(Acquire(Ask(5)).count, 0);
  Advance(absl::Seconds(10));
  EXPECT_EQ(Acquire(Ask(5)).count, 1);
}

TEST_P(LimitStoreContract, GrantsEachFuturePermitOnce) {
  EXPECT_EQ(Acquire(Ask(2, 0.1, absl::Seconds(100))).count, 2);
  const Permits next = Acquire(Ask(3, 0.1, absl::Seconds(100)));
  EXPECT_EQ(next.count, 3);
  EXPECT_NEAR(absl::ToDoubleSeconds(next.first), 20, 2) << "after the first two";
  EXPECT_EQ(Acquire(Ask(100, 0.1, absl::Seconds(100))).count, 6) << "the permits of the next 100 s";
}

TEST_P(LimitStoreContract, AllowsOneBurstAfterAnIdleTime) {
  LimitStore::Request request = Ask(10);
  request.rule.burst = 4;
  EXPECT_EQ(Acquire(request).count, 4);
  EXPECT_EQ(Acquire(request).count, 0);
  Advance(absl::Hours(1));
  EXPECT_EQ(Acquire(request).count, 4);
}

TEST_P(LimitStoreContract, KeysAreIndependent) {
  EXPECT_EQ(Acquire(Ask(1)).count, 1);
  LimitStore::Request other = Ask(1);
  other.key = "domain:outlook";
  EXPECT_EQ(Acquire(other).count, 1);
}

TEST_P(LimitStoreContract, WaitlistPositionsFollowEachOther) {
  Acquire(Ask(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(Reserve(Ask(3)).first), 10, 2);
  EXPECT_NEAR(absl::ToDoubleSeconds(Reserve(Ask(1)).first), 40, 2);
}

TEST_P(LimitStoreContract, FreshMailGetsNoPermitWhileOthersWait) {
  Acquire(Ask(1));
  Reserve(Ask(3));
  Advance(absl::Seconds(15));
  LimitStore::Request request = Ask(1);
  EXPECT_EQ(Acquire(request).count, 0);
  request.fresh = false;
  EXPECT_EQ(Acquire(request).count, 1) << "its position was reached";
  Advance(absl::Seconds(60));
  EXPECT_EQ(Acquire(Ask(1)).count, 1) << "the waitlist is empty";
}

TEST_P(LimitStoreContract, UrgentMailDoesNotWaitInTheOrdinaryWaitlist) {
  Reserve(Ask(100));
  LimitStore::Request urgent = Ask(1);
  urgent.waitlist = Waitlist::kUrgent;
  EXPECT_EQ(Acquire(urgent).count, 1);
  EXPECT_NEAR(absl::ToDoubleSeconds(Reserve(urgent).first), 10, 2);
}

TEST_P(LimitStoreContract, ThrottlingHalvesTheRateWhichThenRecovers) {
  const RateRule rule = Ask(1).rule;
  ASSERT_OK(store().Throttle("domain:gmail", rule, {}));
  EXPECT_THAT(*store().Throttled(), ElementsAre("domain:gmail"));
  EXPECT_NEAR(absl::ToDoubleSeconds(Acquire(Ask(1)).interval), 20, 0.5);
  ASSERT_OK(store().Throttle("domain:gmail", rule, {}));
  Advance(LimitStore::kDoubling / 2);
  EXPECT_NEAR(absl::ToDoubleSeconds(Acquire(Ask(1)).interval), 10 / 0.707, 0.5)
      << "halved once; half of it has recovered, on a logarithmic scale";
  Advance(LimitStore::kRecovery);
  EXPECT_THAT(*store().Throttled(), IsEmpty());
  EXPECT_NEAR(absl::ToDoubleSeconds(Acquire(Ask(1)).interval), 10, 1e-6);
}

TEST_P(LimitStoreContract, ThrottlingIsInProportionToWhatWasRefused) {
  ASSERT_OK(store().Throttle("domain:gmail", Ask(1).rule, {.refused_share = 0.1}));
  EXPECT_NEAR(absl::ToDoubleSeconds(Acquire(Ask(1)).interval), 10 / 0.95, 0.1);
}

TEST_P(LimitStoreContract, ThrottlingStopsAtTheMinimumShare) {
  for (int i = 0; i < 20; ++i) {
    Advance(LimitStore::kThrottleInterval);
    ASSERT_OK(store().Throttle("domain:gmail", Ask(1).rule, {}));
  }
  const double interval = absl::ToDoubleSeconds(Acquire(Ask(1)).interval);
  EXPECT_GE(interval, 10 * 40);
  EXPECT_LE(interval, 10 / LimitStore::kMinShare);
}

TEST_P(LimitStoreContract, ThrottlingWithoutARuleHalvesTheMeasuredRate) {
  EXPECT_EQ(Acquire(Ask(1000, 0)).count, 1000) << "no limit";
  ASSERT_OK(store().Throttle("domain:gmail", {}, {.per_second = 8}));
  const Permits permits = Acquire(Ask(1000, 0, absl::Seconds(10)));
  EXPECT_NEAR(absl::ToDoubleSeconds(permits.interval), 0.25, 0.01);
  EXPECT_NEAR(permits.count, 42, 2);
  Advance(LimitStore::kRecovery);
  EXPECT_EQ(Acquire(Ask(1000, 0)).count, 1000);
}

TEST_P(LimitStoreContract, ConcurrentCallersTogetherKeepTheRate) {
  constexpr double kRate = 500;
  const LimitStore::Request request = Ask(7, kRate, absl::Seconds(1));
  const absl::Time start = clock().Now();
  std::atomic<int> total = 0;
  std::vector<std::thread> callers;
  for (int i = 0; i < 4; ++i) {
    callers.emplace_back([&] {
      for (int call = 0; call < 60; ++call) total += Acquire(request).count;
    });
  }
  for (std::thread& caller : callers) caller.join();
  const double seconds = absl::ToDoubleSeconds(clock().Now() - start + request.ahead);
  const double tolerance = absl::ToDoubleSeconds(ToleranceOf(request.rule));
  EXPECT_LE(total, kRate * (seconds + tolerance) + 1);
  EXPECT_GE(total, kRate * (1 + tolerance) - 7);
}

int LimitStoreContract::Connections(const std::string& holder) {
  const auto share = connections().Share(
      {.key = "transport:smtp", .holder = holder, .total = 7, .lease = absl::Seconds(15)});
  EXPECT_OK(share);
  return share.value_or(-1);
}

TEST_P(LimitStoreContract, ConnectionsAreSharedEvenly) {
  EXPECT_EQ(Connections("b"), 7);
  Advance(absl::Seconds(1));
  EXPECT_EQ(Connections("a"), 0) << "the other holder has not asked since";
  Advance(absl::Seconds(1));
  EXPECT_EQ(Connections("a"), 0);
  EXPECT_EQ(Connections("b"), 3);
  EXPECT_EQ(Connections("a"), 4);
  EXPECT_EQ(Connections("b"), 3);
}

TEST_P(LimitStoreContract, ConnectionsOfALeavingHolderAreShared) {
  EXPECT_EQ(Connections("a"), 7);
  Advance(absl::Seconds(1));
  EXPECT_EQ(Connections("b"), 0);
  EXPECT_EQ(Connections("a"), 4);
  EXPECT_EQ(Connections("b"), 3);
  EXPECT_OK(connections().Leave("a"));
  EXPECT_EQ(Connections("b"), 7);
}

TEST_P(LimitStoreContract, ConnectionsOfADeadHolderAreSharedWhenItsLeaseEnds) {
  EXPECT_EQ(Connections("a"), 7);
  Advance(absl::Seconds(10));
  EXPECT_EQ(Connections("b"), 0);
  Advance(absl::Seconds(4));
  EXPECT_EQ(Connections("b"), 0);
  Advance(absl::Seconds(2));
  EXPECT_EQ(Connections("b"), 7);
}

TEST_P(LimitStoreContract, KeysHaveTheirOwnConnections) {
  EXPECT_EQ(Connections("a"), 7);
  EXPECT_THAT(connections().Share(
                  {.key = "transport:other", .holder = "b", .total = 2, .lease = absl::Seconds(1)}),
              IsOkAndHolds(2));
}

}  // namespace lmsmail::dispatch
