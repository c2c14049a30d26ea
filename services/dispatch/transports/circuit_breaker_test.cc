#include "services/dispatch/transports/circuit_breaker.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

using Kind = DeliveryResult::Kind;

class CircuitBreakerTest : public testing::Test {
 protected:
  DeliveryResult Send() {
    DeliveryResult answer;
    transport_.Send({}, [&](DeliveryResult result) { answer = std::move(result); });
    return answer;
  }
  void Answer(Kind kind, int code, std::string enhanced_code) {
    DeliveryResult result;
    result.kind = kind;
    result.reply_code = code;
    result.enhanced_code = std::move(enhanced_code);
    result.reply_text = "words";
    inner_->Answer(std::move(result));
  }
  void RefuseUs() { Answer(Kind::kRejectedPermanent, 550, "5.7.1"); }
  void HoldIt() {
    RefuseUs();
    for (int i = 0; i < 3; ++i) Send();
  }
  absl::Duration HeldFor() {
    const std::optional<BreakerState> hold = transport_.hold();
    return hold ? hold->until - clock_.Now() : absl::ZeroDuration();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::vector<bool> changes_;
  FakeTransport* inner_ = new FakeTransport;
  CircuitBreaker transport_{std::unique_ptr<Transport>(inner_),
                            clock_,
                            {.first_hold = absl::Minutes(1),
                             .longest_hold = absl::Minutes(4),
                             .changed = [this](bool held) { changes_.push_back(held); }}};
};

TEST_F(CircuitBreakerTest, HoldsAfterRefusalsInARow) {
  RefuseUs();
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  EXPECT_FALSE(transport_.hold().has_value());
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  ASSERT_TRUE(transport_.hold().has_value());
  EXPECT_EQ(transport_.hold()->detail, "the server refuses us: 550 words");
  const DeliveryResult held = Send();
  EXPECT_EQ(held.kind, Kind::kHeld);
  EXPECT_EQ(held.retry_time, clock_.Now() + absl::Minutes(1));
  EXPECT_EQ(inner_->mails().size(), 3u) << "a held mail is not handed over";
  EXPECT_EQ(changes_, std::vector<bool>{true});
}

TEST_F(CircuitBreakerTest, RefusalsFarApartOrOfOthersHoldNothing) {
  RefuseUs();
  for (int i = 0; i < 10; ++i) {
    Send();
    clock_.Advance(absl::Seconds(31));
  }
  EXPECT_FALSE(transport_.hold().has_value());
  for (const std::string code : {"5.1.1", "5.2.2", "5.6.0", "5.7.13", "5.3.4"}) {
    Answer(Kind::kRejectedPermanent, 550, code);
    for (int i = 0; i < 3; ++i) Send();
    EXPECT_FALSE(transport_.hold().has_value()) << code;
  }
}

TEST_F(CircuitBreakerTest, AnAcceptedMailForgetsRefusals) {
  RefuseUs();
  Send();
  Send();
  Answer(Kind::kAccepted, 250, "2.0.0");
  Send();
  RefuseUs();
  Send();
  Send();
  EXPECT_FALSE(transport_.hold().has_value());
}

TEST_F(CircuitBreakerTest, HoldsLongerEachTimeUntilAMailIsAccepted) {
  HoldIt();
  EXPECT_EQ(HeldFor(), absl::Minutes(1));
  for (const int minutes : {2, 4, 4}) {
    clock_.Advance(HeldFor());
    EXPECT_EQ(HeldFor(), absl::ZeroDuration());
    EXPECT_EQ(Send().kind, Kind::kRejectedPermanent) << "one mail tries";
    EXPECT_EQ(HeldFor(), absl::Minutes(minutes));
  }
  clock_.Advance(HeldFor());
  Answer(Kind::kAccepted, 250, "2.0.0");
  EXPECT_EQ(Send().kind, Kind::kAccepted);
  EXPECT_FALSE(changes_.back());
  HoldIt();
  EXPECT_EQ(HeldFor(), absl::Minutes(1));
}

TEST_F(CircuitBreakerTest, ATestThatSucceedsLiftsIt) {
  HoldIt();
  ASSERT_OK(transport_.Test());
  EXPECT_FALSE(transport_.hold().has_value());
  EXPECT_EQ(changes_, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace lmsmail::dispatch
