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

Turns LimitStoreContract::Take(const LimitStore::Request& request) {
  const auto turns = store().Take(request);
  EXPECT_OK(turns);
  return turns.value_or(Turns());
}

Turns LimitStoreContract::Join(const LimitStore::Request& request) {
  const auto places = store().Join(request);
  EXPECT_OK(places);
  return places.value_or(Turns());
}

TEST_P(LimitStoreContract, TurnsComeOneAnInterval) {
  const Turns turns = Take(Ask(5));
  EXPECT_EQ(turns.count, 1);
  EXPECT_LE(turns.first, absl::ZeroDuration()) << "after a rest the first is free";
  EXPECT_NEAR(absl::ToDoubleSeconds(turns.interval), 10, 1e-6);
  EXPECT_EQ(Take(Ask(5)).count, 0);
  Advance(absl::Seconds(10));
  EXPECT_EQ(Take(Ask(5)).count, 1);
}

TEST_P(LimitStoreContract, TurnsAheadAreTakenOnce) {
  EXPECT_EQ(Take(Ask(2, 0.1, absl::Seconds(100))).count, 2);
  const Turns next = Take(Ask(3, 0.1, absl::Seconds(100)));
  EXPECT_EQ(next.count, 3);
  EXPECT_NEAR(absl::ToDoubleSeconds(next.first), 20, 2) << "behind the two";
  EXPECT_EQ(Take(Ask(100, 0.1, absl::Seconds(100))).count, 6) << "as far as 100 s reach";
}

TEST_P(LimitStoreContract, ABurstIsAvailableAfterARestAndOnlyOnce) {
  LimitStore::Request request = Ask(10);
  request.rule.burst = 4;
  EXPECT_EQ(Take(request).count, 4);
  EXPECT_EQ(Take(request).count, 0);
  Advance(absl::Hours(1));
  EXPECT_EQ(Take(request).count, 4);
}

TEST_P(LimitStoreContract, KeysAreApart) {
  EXPECT_EQ(Take(Ask(1)).count, 1);
  LimitStore::Request other = Ask(1);
  other.key = "domain:outlook";
  EXPECT_EQ(Take(other).count, 1);
}

TEST_P(LimitStoreContract, PlacesInALineFollowEachOther) {
  Take(Ask(1));
  EXPECT_NEAR(absl::ToDoubleSeconds(Join(Ask(3)).first), 10, 2);
  EXPECT_NEAR(absl::ToDoubleSeconds(Join(Ask(1)).first), 40, 2);
}

TEST_P(LimitStoreContract, FreshMailGetsNoTurnWhileOthersWait) {
  Take(Ask(1));
  Join(Ask(3));
  Advance(absl::Seconds(15));
  LimitStore::Request request = Ask(1);
  EXPECT_EQ(Take(request).count, 0);
  request.fresh = false;
  EXPECT_EQ(Take(request).count, 1) << "its place came up";
  Advance(absl::Seconds(60));
  EXPECT_EQ(Take(Ask(1)).count, 1) << "the line is empty";
}

TEST_P(LimitStoreContract, UrgentMailDoesNotWaitInTheOrdinaryLine) {
  Join(Ask(100));
  LimitStore::Request urgent = Ask(1);
  urgent.line = Line::kUrgent;
  EXPECT_EQ(Take(urgent).count, 1);
  EXPECT_NEAR(absl::ToDoubleSeconds(Join(urgent).first), 10, 2);
}

TEST_P(LimitStoreContract, WhoAsksToBeSparedIsAndComesBackByItself) {
  const RateRule rule = Ask(1).rule;
  ASSERT_OK(store().Spare("domain:gmail", rule, 0));
  EXPECT_THAT(*store().Spared(), ElementsAre("domain:gmail"));
  EXPECT_NEAR(absl::ToDoubleSeconds(Take(Ask(1)).interval), 20, 0.5);
  ASSERT_OK(store().Spare("domain:gmail", rule, 0));
  Advance(absl::Seconds(30));
  EXPECT_NEAR(absl::ToDoubleSeconds(Take(Ask(1)).interval), 10 / 0.6, 0.5)
      << "halved once, and 30 s of 5 min back";
  Advance(LimitStore::kRecovery);
  EXPECT_THAT(*store().Spared(), IsEmpty());
  EXPECT_NEAR(absl::ToDoubleSeconds(Take(Ask(1)).interval), 10, 1e-6);
}

TEST_P(LimitStoreContract, SparingEndsAtAFloor) {
  for (int i = 0; i < 20; ++i) {
    Advance(LimitStore::kSpareInterval);
    ASSERT_OK(store().Spare("domain:gmail", Ask(1).rule, 0));
  }
  const double interval = absl::ToDoubleSeconds(Take(Ask(1)).interval);
  EXPECT_GE(interval, 10 * 50);
  EXPECT_LE(interval, 10 / LimitStore::kLeastShare);
}

TEST_P(LimitStoreContract, WithoutARuleTheMeasuredRateIsHalvedForAWhile) {
  EXPECT_EQ(Take(Ask(1000, 0)).count, 1000) << "no limit";
  ASSERT_OK(store().Spare("domain:gmail", {}, 8));
  const Turns turns = Take(Ask(1000, 0, absl::Seconds(10)));
  EXPECT_NEAR(absl::ToDoubleSeconds(turns.interval), 0.25, 0.01);
  EXPECT_NEAR(turns.count, 42, 2);
  Advance(LimitStore::kRecovery);
  EXPECT_EQ(Take(Ask(1000, 0)).count, 1000);
}

TEST_P(LimitStoreContract, ConcurrentTakersTogetherGetNoMoreThanTheRate) {
  constexpr double kRate = 500;
  const LimitStore::Request request = Ask(7, kRate, absl::Seconds(1));
  const absl::Time start = clock().Now();
  std::atomic<int> total = 0;
  std::vector<std::thread> takers;
  for (int i = 0; i < 4; ++i) {
    takers.emplace_back([&] {
      for (int call = 0; call < 60; ++call) total += Take(request).count;
    });
  }
  for (std::thread& taker : takers) taker.join();
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
  EXPECT_EQ(Connections("a"), 0) << "the other does not know yet";
  Advance(absl::Seconds(1));
  EXPECT_EQ(Connections("a"), 0);
  EXPECT_EQ(Connections("b"), 3);
  EXPECT_EQ(Connections("a"), 4);
  EXPECT_EQ(Connections("b"), 3);
}

TEST_P(LimitStoreContract, ConnectionsComeBackFromWhoLeaves) {
  EXPECT_EQ(Connections("a"), 7);
  Advance(absl::Seconds(1));
  EXPECT_EQ(Connections("b"), 0);
  EXPECT_EQ(Connections("a"), 4);
  EXPECT_EQ(Connections("b"), 3);
  EXPECT_OK(connections().Leave("a"));
  EXPECT_EQ(Connections("b"), 7);
}

TEST_P(LimitStoreContract, ConnectionsOfWhoIsGoneAreFreeWhenItsLeaseEnds) {
  EXPECT_EQ(Connections("a"), 7);
  Advance(absl::Seconds(10));
  EXPECT_EQ(Connections("b"), 0);
  Advance(absl::Seconds(4));
  EXPECT_EQ(Connections("b"), 0);
  Advance(absl::Seconds(2));
  EXPECT_EQ(Connections("b"), 7);
}

TEST_P(LimitStoreContract, TransportsHaveTheirOwnConnections) {
  EXPECT_EQ(Connections("a"), 7);
  EXPECT_THAT(connections().Share(
                  {.key = "transport:other", .holder = "b", .total = 2, .lease = absl::Seconds(1)}),
              IsOkAndHolds(2));
}

}  // namespace lmsmail::dispatch
