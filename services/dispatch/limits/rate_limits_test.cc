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
#include "services/dispatch/testing/delivery_results.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

// Counts what replicas ask of the store they share.
class CountingStore final : public LimitStore {
 public:
  explicit CountingStore(const Clock& clock) : store_(clock) {}
  absl::StatusOr<Permits> Acquire(const Request& request) override {
    ++calls;
    if (!status.ok()) return status;
    return store_.Acquire(request);
  }
  absl::StatusOr<Permits> Reserve(const Request& request) override {
    ++calls;
    if (!status.ok()) return status;
    absl::StatusOr<Permits> positions = store_.Reserve(request);
    if (const auto meanwhile = std::exchange(before_reserve, nullptr)) meanwhile();
    return positions;
  }
  absl::Status Throttle(std::string_view key, const RateRule& rule, const Load& load) override {
    return store_.Throttle(key, rule, load);
  }
  absl::StatusOr<std::vector<std::string>> Throttled() override { return store_.Throttled(); }

  int calls = 0;
  absl::Status status;
  std::function<void()> before_reserve;  // once

 private:
  InMemoryLimitStore store_;
};

class RateLimitsTest : public testing::Test {
 protected:
  std::unique_ptr<RateLimits> NewReplica() {
    return std::make_unique<RateLimits>(store_, clock_, rules_);
  }
  // How many mails `replicas` replicas send in a minute at full speed. Checks the rate in every
  // window.
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

TEST_F(RateLimitsTest, FindsTheLimitsOfDomainTransportAndBatch) {
  rules_.batch = {.per_second = 5};
  const auto replica = NewReplica();
  EXPECT_THAT(replica->For(MailOf(7), "googlemail.com", "smtp"),
              ElementsAre(Field(&Limit::key, "batch:7"), Field(&Limit::key, "domain:gmail"),
                          Field(&Limit::key, "transport:smtp")));
  EXPECT_THAT(replica->For(MailOf(0), "school.example", "console"), IsEmpty());
}

TEST_F(RateLimitsTest, BatchMayHaveALowerRateThanTheOperatorAllows) {
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

TEST_F(RateLimitsTest, EveryUnlistedDomainHasItsOwnLimit) {
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
    std::optional<Permit> permit;
  };
  std::vector<Replica> all;
  for (int i = 0; i < replicas; ++i) all.push_back({NewReplica(), clock_.Now(), std::nullopt});
  std::vector<absl::Time> sent;
  const absl::Time end = clock_.Now() + absl::Minutes(1);
  while (clock_.Now() < end) {
    for (Replica& replica : all) {
      while (replica.next <= clock_.Now()) {
        if (replica.permit && replica.permit->until >= clock_.Now()) sent.push_back(clock_.Now());
        const auto result = replica.limits->Acquire(limit, {.fresh = false, .mails = 100});
        replica.permit = result.permit;
        replica.next = result.permit ? result.permit->from : result.retry_time;
        if (!replica.permit) break;
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

TEST_F(RateLimitsTest, AcquiresPermitsForManyMailsAtOnce) {
  const auto replica = NewReplica();
  const Limit limit{"transport:smtp", {.per_second = 1000}};
  for (int left = 250; left > 0; --left) {
    ASSERT_TRUE(replica->Acquire(limit, {.mails = left}).permit);
  }
  EXPECT_EQ(store_.calls, 1);
}

TEST_F(RateLimitsTest, MailsOverTheLimitGetPositionsAtItsRate) {
  const auto replica = NewReplica();
  const Limit limit{"domain:gmail", {.per_second = 10}};
  std::vector<absl::Time> positions;
  for (int left = 100; left > 0; --left) {
    const auto result = replica->Acquire(limit, {.mails = left});
    if (!result.permit) positions.push_back(result.retry_time);
  }
  ASSERT_GE(positions.size(), 80u);
  EXPECT_NEAR(absl::ToDoubleSeconds(positions.back() - positions.front()),
              0.1 * static_cast<double>(positions.size() - 1), 1e-6);
  EXPECT_TRUE(std::ranges::is_sorted(positions));
  EXPECT_LE(store_.calls, 7) << "a few statements, not one for each mail";
}

TEST_F(RateLimitsTest, KeepsTheReservedPositionsOfEverySender) {
  const auto replica = NewReplica();
  const Limit limit{"domain:gmail", {.per_second = 10}};
  std::vector<absl::Time> positions;
  const auto take = [&](int mails) {
    const auto result = replica->Acquire(limit, {.mails = mails});
    if (!result.permit) positions.push_back(result.retry_time);
  };
  // Both find no position and reserve some.
  store_.before_reserve = [&] { take(50); };
  for (int left = 100; left > 0; --left) take(left);
  for (int left = 49; left > 0; --left) take(left);
  ASSERT_GE(positions.size(), 120u);
  std::ranges::sort(positions);
  for (std::size_t i = 1; i < positions.size(); ++i) {
    EXPECT_LT(positions[i] - positions[i - 1], absl::Milliseconds(150))
        << "a gap after position " << i;
  }
}

TEST_F(RateLimitsTest, AThrottlingTransportSlowsAllReplicas) {
  const auto one = NewReplica();
  const auto other = NewReplica();
  for (int i = 0; i < 1000; ++i) {
    one->OnResult("school.example", "smtp", Replied(421, "4.7.0"));
  }
  one->Refresh();
  other->Refresh();
  const Limit limit = other->For(MailOf(0), "school.example", "smtp").front();
  ASSERT_EQ(limit.key, "transport:smtp");
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(other->Acquire(limit, {.mails = 10 - i}).permit);
  EXPECT_NEAR(absl::ToDoubleSeconds(
                  store_.Acquire({.key = limit.key, .rule = limit.rule, .ahead = {}})->interval),
              0.02, 0.001);
}

TEST_F(RateLimitsTest, AThrottlingDomainGetsALimitUntilItRecovers) {
  const auto replica = NewReplica();
  for (int i = 0; i < 200; ++i) {
    replica->OnResult("outlook.example", "console", Replied(451, "4.7.500"));
  }
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"), IsEmpty());
  replica->Refresh();
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"),
              ElementsAre(Field(&Limit::key, "domain:outlook.example")));
  EXPECT_THAT(replica->For(MailOf(0), "other.example", "console"), IsEmpty());
  clock_.Advance(LimitStore::kRecovery);
  replica->Refresh();
  EXPECT_THAT(replica->For(MailOf(0), "outlook.example", "console"), IsEmpty());
}

TEST_F(RateLimitsTest, OneRefusalAmongAFewMailsSlowsTheRestHardly) {
  const auto replica = NewReplica();
  replica->OnResult("school.example", "console", Replied(451, "4.3.0"));
  replica->Refresh();
  const std::vector<Limit> limits = replica->For(MailOf(0), "school.example", "console");
  ASSERT_THAT(limits, ElementsAre(Field(&Limit::key, "transport:console")));
  EXPECT_TRUE(limits.front().throttled);
  absl::Time last = clock_.Now();
  for (int left = 20; left > 0; --left) {
    const auto result = replica->Acquire(limits.front(), {.mails = left});
    ASSERT_TRUE(result.permit) << "no mail is deferred";
    last = std::max(last, result.permit->from);
  }
  EXPECT_LE(last, clock_.Now() + absl::Seconds(1));
  clock_.Advance(absl::Seconds(3));
  replica->Refresh();
  EXPECT_THAT(replica->For(MailOf(0), "school.example", "console"), IsEmpty()) << "it recovered";
}

TEST_F(RateLimitsTest, SlowsDownInProportionToWhatIsRefused) {
  const auto interval_after = [&](int accepted, int refused) {
    InMemoryLimitStore store(clock_);
    RateLimits limits(store, clock_, {});
    for (int i = 0; i < accepted; ++i) limits.OnResult("a.example", "console", {});
    for (int i = 0; i < refused; ++i) {
      limits.OnResult("a.example", "console", Replied(452, "4.3.1"));
    }
    limits.Refresh();
    return store.Acquire({.key = "transport:console", .rule = {}, .ahead = absl::Hours(1)})
        ->interval;
  };
  const absl::Duration few = interval_after(990, 10);
  const absl::Duration half = interval_after(500, 500);
  const absl::Duration all = interval_after(0, 1000);
  EXPECT_LT(few, half);
  EXPECT_LT(half, all);
  EXPECT_LT(few, 1.02 * absl::Seconds(5) / 1000);
  EXPECT_NEAR(absl::FDivDuration(all, few), 2, 0.05);
}

TEST_F(RateLimitsTest, MailWaitsWhileTheStoreIsUnavailable) {
  const auto replica = NewReplica();
  store_.status = absl::UnavailableError("away");
  const auto result = replica->Acquire({"domain:gmail", {.per_second = 10}}, {});
  EXPECT_FALSE(result.permit);
  EXPECT_GT(result.retry_time, clock_.Now());
}

}  // namespace
}  // namespace lmsmail::dispatch
