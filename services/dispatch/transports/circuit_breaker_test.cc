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
    DeliveryResult received;
    transport_.Send({}, [&](DeliveryResult result) { received = std::move(result); });
    return received;
  }
  void Reply(Kind kind, int code, std::string enhanced_code) {
    DeliveryResult result;
    result.kind = kind;
    result.reply_code = code;
    result.enhanced_code = std::move(enhanced_code);
    result.reply_text = "text";
    inner_->SetResult(std::move(result));
  }
  void RefuseUs() { Reply(Kind::kRejectedPermanent, 550, "5.7.1"); }
  void OpenIt() {
    RefuseUs();
    for (int i = 0; i < 3; ++i) Send();
  }
  absl::Duration OpenFor() {
    const std::optional<OpenBreaker> open = transport_.open_breaker();
    return open ? open->until - clock_.Now() : absl::ZeroDuration();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::vector<bool> changes_;
  FakeTransport* inner_ = new FakeTransport;
  CircuitBreaker transport_{std::unique_ptr<Transport>(inner_),
                            clock_,
                            {.open_time = {.initial = absl::Minutes(1), .max = absl::Minutes(4)},
                             .changed = [this](bool open) { changes_.push_back(open); }}};
};

TEST_F(CircuitBreakerTest, OpensAfterConsecutiveRefusals) {
  RefuseUs();
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  EXPECT_FALSE(transport_.open_breaker().has_value());
  EXPECT_EQ(Send().kind, Kind::kRejectedPermanent);
  ASSERT_TRUE(transport_.open_breaker().has_value());
  EXPECT_EQ(transport_.open_breaker()->detail, "the server refuses us: 550 text");
  const DeliveryResult refused = Send();
  EXPECT_EQ(refused.kind, Kind::kBreakerOpen);
  EXPECT_EQ(refused.retry_time, clock_.Now() + absl::Minutes(1));
  EXPECT_EQ(inner_->mails().size(), 3u) << "an open breaker hands no mail over";
  EXPECT_EQ(changes_, std::vector<bool>{true});
}

TEST_F(CircuitBreakerTest, StaysClosedForRareRefusalsAndThoseOfRecipientsOrContent) {
  RefuseUs();
  for (int i = 0; i < 10; ++i) {
    Send();
    clock_.Advance(absl::Seconds(31));
  }
  EXPECT_FALSE(transport_.open_breaker().has_value());
  for (const std::string code : {"5.1.1", "5.2.2", "5.6.0", "5.7.13", "5.3.4"}) {
    Reply(Kind::kRejectedPermanent, 550, code);
    for (int i = 0; i < 3; ++i) Send();
    EXPECT_FALSE(transport_.open_breaker().has_value()) << code;
  }
}

TEST_F(CircuitBreakerTest, AnAcceptedMailResetsTheCountOfRefusals) {
  RefuseUs();
  Send();
  Send();
  Reply(Kind::kAccepted, 250, "2.0.0");
  Send();
  RefuseUs();
  Send();
  Send();
  EXPECT_FALSE(transport_.open_breaker().has_value());
}

TEST_F(CircuitBreakerTest, OpensForTwiceAsLongEachTimeUntilAMailIsAccepted) {
  OpenIt();
  EXPECT_EQ(OpenFor(), absl::Minutes(1));
  for (const int minutes : {2, 4, 4}) {
    clock_.Advance(OpenFor());
    EXPECT_EQ(OpenFor(), absl::ZeroDuration());
    EXPECT_EQ(Send().kind, Kind::kRejectedPermanent) << "one mail tries";
    EXPECT_EQ(OpenFor(), absl::Minutes(minutes));
  }
  clock_.Advance(OpenFor());
  Reply(Kind::kAccepted, 250, "2.0.0");
  EXPECT_EQ(Send().kind, Kind::kAccepted);
  EXPECT_FALSE(changes_.back());
  OpenIt();
  EXPECT_EQ(OpenFor(), absl::Minutes(1));
}

TEST_F(CircuitBreakerTest, ASuccessfulTestClosesIt) {
  OpenIt();
  ASSERT_OK(transport_.Test());
  EXPECT_FALSE(transport_.open_breaker().has_value());
  EXPECT_EQ(changes_, (std::vector<bool>{true, false}));
}

}  // namespace
}  // namespace lmsmail::dispatch
