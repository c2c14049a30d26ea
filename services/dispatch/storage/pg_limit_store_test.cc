#include "services/dispatch/storage/pg_limit_store.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"

#include "libs/testing/status_matchers.h"
#include "services/dispatch/limits/rate_limits.h"
#include "services/dispatch/storage/limit_store_contract.h"
#include "services/dispatch/testing/pg_test_database.h"

namespace lmsmail::dispatch {
namespace {

class Postgres final : public LimitStoreUnderTest {
 public:
  LimitStore& store() override { return store_; }
  ConnectionShares& connections() override { return store_; }
  const Clock& clock() override { return clock_; }
  void Advance(absl::Duration by) override { database_.Advance(by); }

 private:
  const SystemClock clock_;
  PgTestDatabase database_;
  PgLimitStore store_{database_.pool()};
};

const LimitStoreFactory kMakeStore = [] { return std::make_unique<Postgres>(); };
INSTANTIATE_TEST_SUITE_P(Postgres, LimitStoreContract, testing::Values(kMakeStore));

TEST(PgLimitStoreTest, DeletesKeysThatHaveBeenIdleForADay) {
  PgTestDatabase database;
  PgLimitStore store(database.pool());
  database.Execute(
      "INSERT INTO rate_limit (key, next_permit_time) "
      "VALUES ('batch:1', now() - interval '25 hours'), ('batch:2', now())");
  ASSERT_OK(store.Acquire({.key = "batch:3", .rule = {.per_second = 1}, .ahead = {}}));
  EXPECT_EQ(database.Query("SELECT string_agg(key, ' ' ORDER BY key) FROM rate_limit"),
            "batch:2 batch:3");
}

// Replicas that send as fast as they can, each with its own RateLimits.
class Replicas : public testing::TestWithParam<int> {};

TEST_P(Replicas, TogetherKeepTheRateOverEveryWindow) {
  constexpr double kRate = 200;
  constexpr absl::Duration kRun = absl::Milliseconds(1500);
  PgTestDatabase database;
  PgLimitStore store(database.pool());
  const SystemClock clock;
  const Limit limit{"domain:gmail", {.per_second = kRate}};
  const absl::Time end = clock.Now() + kRun;
  absl::Mutex mutex;
  std::vector<absl::Time> sent;
  std::vector<std::thread> replicas;
  for (int i = 0; i < GetParam(); ++i) {
    replicas.emplace_back([&] {
      RateLimits limits(store, clock, {});
      while (clock.Now() < end) {
        const RateLimits::Result result = limits.Acquire(limit, {.fresh = false, .mails = 100});
        const absl::Time when = result.permit ? result.permit->from : result.retry_time;
        absl::SleepFor(std::min(when, end) - clock.Now());
        const absl::Time now = clock.Now();
        if (!result.permit || now < result.permit->from || now > result.permit->until) continue;
        absl::MutexLock lock(&mutex);
        sent.push_back(now);
      }
    });
  }
  for (std::thread& replica : replicas) replica.join();
  std::ranges::sort(sent);
  const absl::Duration tolerance = ToleranceOf(limit.rule);
  for (std::size_t i = 0; i < sent.size(); ++i) {
    for (std::size_t j = i; j < sent.size(); ++j) {
      const absl::Duration window = sent[j] - sent[i] + tolerance;
      // One more for the first mail, and one for the rounding of the clock.
      ASSERT_LE(j - i + 1, kRate * absl::ToDoubleSeconds(window) + 2)
          << "within " << sent[j] - sent[i];
    }
  }
  EXPECT_GE(sent.size(), kRate * absl::ToDoubleSeconds(kRun) / 2) << "the replicas use the rate";
}

INSTANTIATE_TEST_SUITE_P(Count, Replicas, testing::Values(1, 2, 4));

}  // namespace
}  // namespace lmsmail::dispatch
