#include "services/dispatch/transports/circuit_breaker.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/delivery_results.h"
#include "services/dispatch/testing/fake_peers.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::ElementsAre;
using Cause = CircuitBreaker::Cause;
using Kind = DeliveryResult::Kind;

class CircuitBreakerTest : public testing::Test {
 protected:
  DeliveryResult Send() {
    DeliveryResult received;
    transport_.Send({}, [&](DeliveryResult result) { received = std::move(result); });
    return received;
  }
  void Reply(int code, std::string enhanced_code) {
    inner_->SetResult(Replied(code, std::move(enhanced_code)));
  }
  void RefuseUs() { Reply(550, "5.7.1"); }
  void OpenIt() {
    RefuseUs();
    for (int i = 0; i < 3; ++i) Send();
  }
  void Accept() { Reply(250, "2.0.0"); }
  // Starts a mail whose reply comes with FinishPending.
  void StartMail(std::vector<DeliveryResult>& results) {
    transport_.Send({}, [&](DeliveryResult result) { results.push_back(std::move(result)); });
  }
  bool IsOpen() const { return transport_.open_breaker().has_value(); }
  absl::Duration OpenFor() {
    const std::optional<OpenBreaker> open = transport_.open_breaker();
    return open ? open->until - clock_.Now() : absl::ZeroDuration();
  }

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  std::vector<std::optional<CircuitBreaker::Cause>> changes_;
  FakeTransport* inner_ = new FakeTransport;
  CircuitBreaker transport_{std::unique_ptr<Transport>(inner_),
                            clock_,
                            {.open_time = {.initial = absl::Minutes(1), .max = absl::Minutes(4)},
                             .changed = [this](auto cause) { changes_.push_back(cause); }}};
};

TEST_F(CircuitBreakerTest, OpensAfterConsecutiveRefusals) {
  RefuseUs();
  EXPECT_EQ(Send().kind, Kind::kRefused);
  EXPECT_EQ(Send().kind, Kind::kRefused);
  EXPECT_FALSE(transport_.open_breaker().has_value());
  EXPECT_EQ(Send().kind, Kind::kBreakerOpen) << "the mail is not the cause";
  ASSERT_TRUE(transport_.open_breaker().has_value());
  EXPECT_EQ(transport_.open_breaker()->detail, "the server refuses us: 550 text");
  const DeliveryResult refused = Send();
  EXPECT_EQ(refused.kind, Kind::kBreakerOpen);
  EXPECT_EQ(refused.retry_time, clock_.Now() + absl::Minutes(1));
  EXPECT_EQ(inner_->mails().size(), 3u) << "an open breaker hands no mail over";
  EXPECT_THAT(changes_, ElementsAre(Cause::kSender));
}

TEST_F(CircuitBreakerTest, StaysClosedForRareRefusalsAndThoseOfRecipientsOrContent) {
  RefuseUs();
  for (int i = 0; i < 10; ++i) {
    Send();
    clock_.Advance(absl::Seconds(31));
  }
  EXPECT_FALSE(transport_.open_breaker().has_value());
  for (const std::string code : {"5.1.1", "5.2.2", "5.6.0", "5.7.13", "5.3.4"}) {
    Reply(550, code);
    for (int i = 0; i < 3; ++i) Send();
    EXPECT_FALSE(transport_.open_breaker().has_value()) << code;
  }
}

TEST_F(CircuitBreakerTest, AnAcceptedMailResetsTheCountOfRefusals) {
  RefuseUs();
  Send();
  Send();
  Reply(250, "2.0.0");
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
    EXPECT_EQ(Send().kind, Kind::kBreakerOpen) << "one mail tries";
    EXPECT_EQ(OpenFor(), absl::Minutes(minutes));
  }
  clock_.Advance(OpenFor());
  Accept();
  EXPECT_EQ(Send().kind, Kind::kAccepted);
  EXPECT_EQ(changes_.back(), std::nullopt);
  OpenIt();
  EXPECT_EQ(OpenFor(), absl::Minutes(1));
}

TEST_F(CircuitBreakerTest, ASuccessfulTestClosesIt) {
  OpenIt();
  ASSERT_OK(transport_.Test(absl::Seconds(1)));
  EXPECT_FALSE(transport_.open_breaker().has_value());
  EXPECT_THAT(changes_, ElementsAre(Cause::kSender, std::nullopt));
}

TEST_F(CircuitBreakerTest, ARefusedLoginOpensItAtOnceAndNoMailFails) {
  inner_->Stall();
  std::vector<DeliveryResult> results;
  for (int i = 0; i < 30; ++i) StartMail(results);
  inner_->FinishPending(RefusedSession(535, "", "5.7.8 no", smtp::Command::kAuth));
  ASSERT_EQ(results.size(), 30u);
  for (const DeliveryResult& result : results) {
    EXPECT_EQ(result.kind, Kind::kBreakerOpen);
    EXPECT_EQ(result.retry_time, clock_.Now() + absl::Minutes(1));
  }
  EXPECT_THAT(changes_, ElementsAre(Cause::kLogin));
}

TEST_F(CircuitBreakerTest, AnUnreachableServerDoesNotOpenIt) {
  inner_->SetResult({.kind = Kind::kConnectionError});
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Send().kind, Kind::kConnectionError);
  inner_->SetResult(RefusedSession(421, "4.3.2", "text", smtp::Command::kConnect));
  for (int i = 0; i < 30; ++i) EXPECT_EQ(Send().kind, Kind::kConnectionError);
  EXPECT_FALSE(IsOpen());
}

TEST_F(CircuitBreakerTest, AUsedUpQuotaOpensItForAnHourAtOnceAndLongerEachTime) {
  Reply(550, "5.4.5");
  EXPECT_EQ(Send().kind, Kind::kBreakerOpen);
  EXPECT_EQ(OpenFor(), absl::Hours(1));
  clock_.Advance(OpenFor());
  EXPECT_EQ(Send().kind, Kind::kBreakerOpen);
  EXPECT_EQ(OpenFor(), absl::Hours(2));
  EXPECT_THAT(changes_, ElementsAre(Cause::kQuota, Cause::kQuota));
}

TEST_F(CircuitBreakerTest, SendsOneProbeAndThenAll) {
  OpenIt();
  clock_.Advance(OpenFor());
  inner_->Stall();
  std::vector<DeliveryResult> results;
  for (int i = 0; i < 100; ++i) StartMail(results);
  EXPECT_EQ(inner_->mails().size(), 4u) << "three refusals and one probe";
  ASSERT_EQ(results.size(), 99u);
  EXPECT_EQ(results[0].kind, Kind::kBreakerOpen);
  EXPECT_LE(results[0].retry_time, clock_.Now() + absl::Seconds(1)) << "the probe ends soon";
  inner_->FinishPending(Replied(250, "2.0.0"));
  EXPECT_FALSE(IsOpen());
  for (int i = 0; i < 100; ++i) StartMail(results);
  EXPECT_EQ(inner_->mails().size(), 104u);
}

TEST_F(CircuitBreakerTest, AProbeThatIsNeitherAcceptedNorRefusedIsFollowedByAnotherLater) {
  OpenIt();
  clock_.Advance(OpenFor());
  inner_->SetResult({.kind = Kind::kConnectionError});
  EXPECT_EQ(Send().kind, Kind::kConnectionError);
  EXPECT_EQ(Send().kind, Kind::kBreakerOpen);
  EXPECT_EQ(OpenFor(), absl::Minutes(1));
  clock_.Advance(OpenFor());
  Accept();
  EXPECT_EQ(Send().kind, Kind::kAccepted);
}

TEST_F(CircuitBreakerTest, AProbeThatWasNotSentMakesWayForTheNextMail) {
  OpenIt();
  clock_.Advance(OpenFor());
  for (const Kind kind : {Kind::kBusy, Kind::kCancelled}) {
    inner_->SetResult({.kind = kind});
    EXPECT_EQ(Send().kind, kind);
  }
  Accept();
  EXPECT_EQ(Send().kind, Kind::kAccepted);
}

TEST_F(CircuitBreakerTest, RepliesToEarlierMailNeitherCloseNorExtendIt) {
  inner_->Stall();
  std::vector<DeliveryResult> results;
  for (int i = 0; i < 4; ++i) StartMail(results);
  inner_->FinishFirst(Replied(550, "5.4.5"));
  ASSERT_TRUE(IsOpen());
  inner_->FinishFirst(Replied(250, "2.0.0"));
  EXPECT_TRUE(IsOpen());
  inner_->FinishFirst(Replied(550, "5.4.5"));
  EXPECT_EQ(OpenFor(), absl::Hours(1));
  inner_->FinishFirst(Replied(550, "5.1.1"));
  EXPECT_EQ(results.back().kind, Kind::kRefused) << "that recipient is unknown anyway";
}

TEST_F(CircuitBreakerTest, MailThatWaitsInTheTransportIsNotSentOnceItOpened) {
  inner_->Stall();
  std::vector<DeliveryResult> results;
  for (int i = 0; i < 2; ++i) StartMail(results);
  EXPECT_TRUE(inner_->mails()[1].may_send());
  inner_->FinishFirst(Replied(550, "5.4.5"));
  EXPECT_FALSE(inner_->mails()[1].may_send());
  inner_->FinishFirst({.kind = Kind::kCancelled});
  EXPECT_EQ(results.back().kind, Kind::kBreakerOpen);
  clock_.Advance(OpenFor());
  StartMail(results);
  EXPECT_TRUE(inner_->mails().back().may_send()) << "the probe";
}

TEST_F(CircuitBreakerTest, ItsDetailHoldsNoAddress) {
  inner_->SetResult(Replied(550, "5.4.5", "5.4.5 <ann@school.example>: quota exceeded"));
  Send();
  EXPECT_EQ(transport_.open_breaker()->detail, "the server refuses us: 550 5.4.5 quota exceeded");
}

}  // namespace
}  // namespace lmsmail::dispatch
