#include "services/dispatch/limits/rate_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "services/dispatch/storage/in_memory_limit_store.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

// Counts what replicas ask of the store they share.
class CountingStore final : public LimitStore {
 public:
  explicit CountingStore(const Clock& clock) : store_(clock) {}
  absl::StatusOr<Turns> Take(const Request& request) override {
    ++calls;
    if (!status.ok()) return status;
    return store_.Take(request);
  }
  absl::StatusOr<Turns> Join(const Request& request) override {
    ++calls;
    if (!status.ok()) return status;
    absl::StatusOr<Turns> places = store_.Join(request);
    if (const auto meanwhile = std::exchange(before_places_come, nullptr)) meanwhile();
    return places;
  }
  absl::Status Spare(std::string_view key, const RateRule& rule, double measured) override {
    return store_.Spare(key, rule, measured);
  }
  absl::StatusOr<std::vector<std::string>> Spared() override { return store_.Spared(); }

  int calls = 0;
  absl::Status status;
  std::function<void()> before_places_come;  // once

 private:
  InMemoryLimitStore store_;
};

class RateLimitsTest : public testing::Test {
 protected:
  std::unique_ptr<RateLimits> NewReplica() {
    return std::make_unique<RateLimits>(store_, clock_, rules_);
  }
  static DeliveryResult Refusal(int code, std::string enhanced) {
    return {.kind = DeliveryResult::Kind::kRejectedTemporary,
            .reply_code = code,
            .enhanced_code = std::move(enhanced),
            .reply_text = ""};
  }
  // Mails that each of `replicas` sends, as fast as it may, in a minute. Checks every window.
  int SendForAMinute(int replicas, double rate);

  FakeClock clock_{absl::FromUnixSeconds(1'800'000'000)};
  CountingStore store_{clock_};
  LimitRules rules_ = {
      .transports = {{"smtp", {.per_second = 100}}},
      .domain_groups = {{"gmail", {{"gmail.com", "googlemail.com"}, {.per_second = 10}}}}};
};

Mail MailOf(BatchId batch, double max_per_second = 0) {
  Mail mail;
  mail.batch = batch;
  mail.batch_max_per_second = max_per_second;
  return mail;
}

TEST_F(RateLimitsTest, AMailHasTheLimitsOfItsDomainItsTransportAndItsBatch) {
  rules_.batch = {.per_second = 5};
  const auto replica = NewReplica();
  EXPECT_THAT(replica->For(MailOf(7), "googlemail.com", "smtp"),
              ElementsAre(Field(&Limit::key, "batch:7"), Field(&Limit::key, "domain:gmail"),
                          Field(&Limit::key, "transport:smtp")));
  EXPECT_THAT(replica->For(MailOf(0), "school.example", "console"), IsEmpty());
}

TEST_F(RateLimitsTest, ABatchMayAskForLessThanItIsGranted) {
  const auto rate = [this](double granted, double asked) {
    rules_ = {.batch = {.per_second = granted, .burst = 9}};
    const auto limits = NewReplica()->For(MailOf(7, asked), "school.example", "console");
    return limits.empty() ? RateRule() : limits.front().rule;
  };
  EXPECT_EQ(rate(0, 0), RateRule());
  EXPECT_EQ(rate(0, 2), (RateRule{.per_second = 2}));
  EXPECT_EQ(rate(5, 2), (RateRule{.per_second = 2}));
  EXPECT_EQ(rate(5, 8), (RateRule{.per_second = 5, .burst = 9}));
}

TEST_F(RateLimitsTest, EachOtherDomainHasALimitOfItsOwn) {
  rules_.other_domain = {.per_second = 5};
  const auto replica = NewReplica();
  EXPECT_THAT(replica->For(MailOf(0), "a.example", "console"),
              ElementsAre(Field(&Limit::key, "domain:a.example")));
  EXPECT_THAT(replica->For(MailOf(0), "b.example", "console"),
              ElementsAre(Field(&Limit::key, "domain:b.example")));
}

int RateLimitsTest::SendForAMinute(int replicas, double rate) {
  const Limit limit{"domain:gmail", {.per_second = rate}};
  struct Replica {
    std::unique_ptr<RateLimits> limits;
    absl::Time next;
    std::optional<Turn> turn;
  };
  std::vector<Replica> all;
  for (int i = 0; i < replicas; ++i) all.push_back({NewReplica(), clock_.Now(), std::nullopt});
  std::vector<absl::Time> sent;
  const absl::Time end = clock_.Now() + absl::Minutes(1);
  while (clock_.Now() < end) {
    for (Replica& replica : all) {
      while (replica.next <= clock_.Now()) {
        if (replica.turn && replica.turn->until >= clock_.Now()) sent.push_back(clock_.Now());
        const auto answer = replica.limits->Take(limit, {.fresh = false, .mails = 100});
        replica.turn = answer.turn;
        replica.next = answer.turn ? answer.turn->from : answer.retry;
        if (!replica.turn) break;
      }
    }
    clock_.Advance(absl::Milliseconds(1));
  }
  const double tolerance = absl::ToDoubleSeconds(ToleranceOf(limit.rule));
  for (std::size_t i = 0; i < sent.size(); ++i) {
    for (std::size_t j = i; j < sent.size(); ++j) {
      const double window = absl::ToDoubleSeconds(sent[j] - sent[i]);
      if (static_cast<double>(j - i + 1) > rate * (window + tolerance) + 1.001) {
        ADD_FAILURE() << j - i + 1 << " mails within " << window << " s";
        return static_cast<int>(sent.size());
      }
    }
  }
  return static_cast<int>(sent.size());
}

TEST_F(RateLimitsTest, OneReplicaUsesTheRateAndNoMore) {
  EXPECT_GE(SendForAMinute(1, 100), 0.95 * 100 * 60);
}
TEST_F(RateLimitsTest, FourReplicasTogetherUseTheRateAndNoMore) {
  EXPECT_GE(SendForAMinute(4, 100), 0.95 * 100 * 60);
}
TEST_F(RateLimitsTest, SixteenReplicasTogetherUseTheRateAndNoMore) {
  EXPECT_GE(SendForAMinute(16, 50), 0.95 * 50 * 60);
}

TEST_F(RateLimitsTest, AsksTheStoreForManyMailsAtOnce) {
  const auto replica = NewReplica();
  const Limit limit{"transport:smtp", {.per_second = 1000}};
  for (int left = 250; left > 0; --left) {
    ASSERT_TRUE(replica->Take(limit, {.mails = left}).turn);
  }
  EXPECT_EQ(store_.calls, 1);
}

TEST_F(RateLimitsTest, MailsOverTheLimitGetPlacesAtItsRate) {
  const auto replica = NewReplica();
  const Limit limit{"domain:gmail", {.per_second = 10}};
  std::vector<absl::Time> places;
  for (int left = 100; left > 0; --left) {
    const auto answer = replica->Take(limit, {.mails = left});
    if (!answer.turn) places.push_back(answer.retry);
  }
  ASSERT_GE(places.size(), 80u);
  EXPECT_NEAR(absl::ToDoubleSeconds(places.back() - places.front()),
              0.1 * static_cast<double>(places.size() - 1), 1e-6);
  EXPECT_TRUE(std::ranges::is_sorted(places));
  EXPECT_LE(store_.calls, 7) << "in a few steps, not mail by mail";
}

TEST_F(RateLimitsTest, PlacesOfOneSenderAreNotLostToAnother) {
  const auto replica = NewReplica();
  const Limit limit{"domain:gmail", {.per_second = 10}};
  std::vector<absl::Time> places;
  const auto take = [&](int mails) {
    const auto answer = replica->Take(limit, {.mails = mails});
    if (!answer.turn) places.push_back(answer.retry);
  };
  // Both find that there is no place, and ask for some.
  store_.before_places_come = [&] { take(50); };
  for (int left = 100; left > 0; --left) take(left);
  for (int left = 49; left > 0; --left) take(left);
  ASSERT_GE(places.size(), 120u);
  std::ranges::sort(places);
  for (std::size_t i = 1; i < places.size(); ++i) {
    EXPECT_LT(places[i] - places[i - 1], absl::Milliseconds(150)) << "a hole after place " << i;
  }
}

TEST_F(RateLimitsTest, ATransportThatThrottlesIsSparedByAllReplicas) {
  const auto one = NewReplica();
  const auto other = NewReplica();
  one->Answered("school.example", "smtp", Refusal(421, "4.7.0"));
  one->Refresh();
  other->Refresh();
  const Limit limit = other->For(MailOf(0), "school.example", "smtp").front();
  ASSERT_EQ(limit.key, "transport:smtp");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(other->Take(limit, {.mails = 10 - i}).turn);
  EXPECT_NEAR(absl::ToDoubleSeconds(
                  store_.Take({.key = limit.key, .rule = limit.rule, .ahead = {}})->interval),
              0.02, 0.001);
}

TEST_F(RateLimitsTest, ADomainWithoutALimitGetsOneWhileItThrottles) {
  const auto replica = NewReplica();
  for (int i = 0; i < 200; ++i) replica->Answered("outlook.example", "console", {});
  replica->Answered("outlook.example", "console", Refusal(451, "4.7.500"));
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"), IsEmpty());
  replica->Refresh();
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"),
              ElementsAre(Field(&Limit::key, "domain:outlook.example")));
  EXPECT_THAT(replica->For(MailOf(0), "other.example", "console"), IsEmpty());
  clock_.Advance(LimitStore::kRecovery);
  replica->Refresh();
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"), IsEmpty());
}

TEST_F(RateLimitsTest, WithoutTheStoreMailWaits) {
  const auto replica = NewReplica();
  store_.status = absl::UnavailableError("away");
  const auto answer = replica->Take({"domain:gmail", {.per_second = 10}}, {});
  EXPECT_FALSE(answer.turn);
  EXPECT_GT(answer.retry, clock_.Now());
}

}  // namespace
}  // namespace lmsmail::dispatch
