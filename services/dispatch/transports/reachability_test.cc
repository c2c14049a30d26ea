#include "services/dispatch/transports/reachability.h"

#include <gtest/gtest.h>

#include "services/dispatch/testing/delivery_results.h"

namespace lmsmail::dispatch {
namespace {

using Change = Reachability::Change;
using Kind = DeliveryResult::Kind;

const absl::Time kStart = absl::FromUnixSeconds(1'800'000'000);

class ReachabilityTest : public testing::Test {
 protected:
  Change Deliver(const DeliveryResult& result) {
    return reachability_.OnResult(result, reachability_.OnSend(now_), now_);
  }
  Change Fail() { return Deliver({.kind = Kind::kConnectionError, .fault = fault_}); }
  bool Lost() const { return reachability_.outage().has_value(); }
  void Lose() {
    for (int i = 0; i < 3; ++i) Fail();
  }
  void AwaitProbe() { now_ = reachability_.outage()->until; }

  absl::Time now_ = kStart;
  smtp::Fault fault_ = smtp::Fault::kRefused;
  Reachability reachability_{
      {.failures = 3, .probe_interval = {.initial = absl::Seconds(5), .max = absl::Seconds(15)}}};
};

TEST_F(ReachabilityTest, IsLostAfterFailuresInARow) {
  EXPECT_EQ(Fail(), Change::kNone);
  now_ += absl::Seconds(1);
  EXPECT_EQ(Fail(), Change::kNone);
  EXPECT_FALSE(Lost());
  fault_ = smtp::Fault::kTimedOut;
  EXPECT_EQ(Fail(), Change::kLost);
  ASSERT_TRUE(Lost());
  EXPECT_EQ(reachability_.outage()->since, kStart);
  EXPECT_EQ(reachability_.outage()->until, now_ + absl::Seconds(5));
  EXPECT_EQ(reachability_.outage()->fault, smtp::Fault::kTimedOut);
  EXPECT_EQ(Fail(), Change::kNone) << "it is lost already";
}

TEST_F(ReachabilityTest, IsKeptByMailThatReachesTheServer) {
  const DeliveryResult reached[] = {Replied(250), Replied(550, "5.1.1", "", smtp::Command::kRcpt),
                                    Replied(451, "4.7.1", "", smtp::Command::kMail),
                                    Replied(451, "", "a provider has no command")};
  for (const DeliveryResult& result : reached) {
    Fail();
    Fail();
    Deliver(result);
    EXPECT_FALSE(Lost());
  }
}

TEST_F(ReachabilityTest, IsNeitherLostNorProvedByOtherResults) {
  const DeliveryResult others[] = {
      {.kind = Kind::kAmbiguous},
      {.kind = Kind::kBusy},
      {.kind = Kind::kCancelled},
      Replied(552, "5.3.4", "too large for the transport itself"),
      RefusedSession(535, "5.7.8", "wrong password", smtp::Command::kAuth)};
  Fail();
  Fail();
  for (const DeliveryResult& other : others) {
    for (int i = 0; i < 5; ++i) Deliver(other);
  }
  EXPECT_FALSE(Lost());
  Fail();
  EXPECT_TRUE(Lost());
}

TEST_F(ReachabilityTest, IsLostWhenTheServerRefusesSessionsForNow) {
  for (int i = 0; i < 3; ++i) {
    Deliver(RefusedSession(421, "4.3.2", "too many connections", smtp::Command::kConnect));
  }
  EXPECT_TRUE(Lost());
}

TEST_F(ReachabilityTest, IsProbedByOneMailAtATimeAndLessAndLessOften) {
  Lose();
  EXPECT_FALSE(reachability_.OnSend(now_)) << "not yet";
  for (const int seconds : {10, 15, 15}) {
    AwaitProbe();
    EXPECT_TRUE(reachability_.OnSend(now_));
    EXPECT_FALSE(reachability_.OnSend(now_)) << "one is on its way";
    reachability_.OnResult({.kind = Kind::kConnectionError}, /*probe=*/false, now_);
    EXPECT_TRUE(reachability_.outage()->probing) << "the failure of another mail says nothing";
    reachability_.OnResult({.kind = Kind::kConnectionError}, /*probe=*/true, now_);
    EXPECT_EQ(reachability_.outage()->until, now_ + absl::Seconds(seconds));
  }
  AwaitProbe();
  EXPECT_EQ(Deliver(Replied(250)), Change::kRegained);
  Lose();
  EXPECT_EQ(reachability_.outage()->until, now_ + absl::Seconds(5)) << "a new outage";
}

TEST_F(ReachabilityTest, AProbeThatWasNotSentMakesWayForTheNextMail) {
  Lose();
  AwaitProbe();
  EXPECT_TRUE(reachability_.OnSend(now_));
  reachability_.OnResult({.kind = Kind::kBusy}, /*probe=*/true, now_);
  EXPECT_TRUE(reachability_.OnSend(now_));
}

TEST_F(ReachabilityTest, IsRegainedByAnyMailThatReachesTheServer) {
  Lose();
  EXPECT_EQ(reachability_.OnResult(Replied(250), /*probe=*/false, now_), Change::kRegained);
  EXPECT_FALSE(Lost());
  Lose();
  EXPECT_EQ(reachability_.OnReached(), Change::kRegained);
  EXPECT_EQ(reachability_.OnReached(), Change::kNone);
}

}  // namespace
}  // namespace lmsmail::dispatch
