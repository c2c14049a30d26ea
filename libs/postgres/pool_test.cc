#include "libs/postgres/pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"

#include "libs/postgres/health.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class PoolTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { ASSERT_OK_AND_ASSIGN(server_, EmbeddedPostgres::Create()); }
  static void TearDownTestSuite() { server_.reset(); }

  PoolOptions Options() const {
    return {.dsn = server_->Dsn("postgres"), .size = 2, .application_name = "pool test"};
  }

  static absl::StatusOr<std::string> Ask(Pool& pool, const std::string& sql) {
    return RunInTransaction(pool, {.name = "ask", .repeatable = true},
                            [&](pqxx::work& tx) -> absl::StatusOr<std::string> {
                              return std::string(tx.exec1(sql)[0].c_str());
                            });
  }

  static inline std::unique_ptr<EmbeddedPostgres> server_;
};

TEST_F(PoolTest, StartsWithoutDatabaseAndConnectsWhenItIsUp) {
  ASSERT_OK(server_->Stop());
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(Options()));
  const absl::Status down = Ask(*pool, "SELECT 1").status();
  EXPECT_THAT(down, StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(ReasonOf(down).reason, "DATABASE_UNAVAILABLE");
  ASSERT_OK(server_->Start());
  EXPECT_THAT(Ask(*pool, "SELECT 1"), IsOkAndHolds("1"));
}

TEST_F(PoolTest, RefusesInvalidOptions) {
  PoolOptions options = Options();
  options.dsn = "nonsense";
  EXPECT_THAT(Pool::Create(options), StatusIs(absl::StatusCode::kInvalidArgument));
  options = Options();
  options.schema = "bad-name";
  EXPECT_THAT(Pool::Create(options),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("bad-name")));
  options = Options();
  options.size = 0;
  EXPECT_THAT(Pool::Create(options), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(PoolTest, SessionsHaveRequestedSettings) {
  PoolOptions options = Options();
  options.schema = "school";
  options.statement_timeout = absl::Milliseconds(1234);
  options.settings = {{"enable_seqscan", "off"}};
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  EXPECT_THAT(Ask(*pool, "SHOW search_path"), IsOkAndHolds("school"));
  EXPECT_THAT(Ask(*pool, "SHOW statement_timeout"), IsOkAndHolds("1234ms"));
  EXPECT_THAT(Ask(*pool, "SHOW jit"), IsOkAndHolds("off"));
  EXPECT_THAT(Ask(*pool, "SHOW enable_seqscan"), IsOkAndHolds("off"));
  EXPECT_THAT(Ask(*pool, "SHOW application_name"), IsOkAndHolds("pool test"));
}

TEST_F(PoolTest, ReusesConnections) {
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(Options()));
  ASSERT_OK_AND_ASSIGN(const std::string first, Ask(*pool, "SELECT pg_backend_pid()"));
  EXPECT_THAT(Ask(*pool, "SELECT pg_backend_pid()"), IsOkAndHolds(first));
}

TEST_F(PoolTest, CheckoutFailsAtDeadlineWhenPoolIsExhausted) {
  PoolOptions options = Options();
  options.size = 1;
  options.checkout_timeout = absl::Hours(1);
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  ASSERT_OK_AND_ASSIGN(const Pool::Lease lease, pool->Checkout(absl::InfiniteFuture()));
  EXPECT_THAT(pool->Checkout(absl::Now() + absl::Milliseconds(10)),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("busy")));
}

TEST_F(PoolTest, WaiterGetsReturnedConnection) {
  PoolOptions options = Options();
  options.size = 1;
  options.checkout_timeout = absl::Minutes(1);
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  std::optional<Pool::Lease> lease;
  {
    ASSERT_OK_AND_ASSIGN(Pool::Lease first, pool->Checkout(absl::InfiniteFuture()));
    lease.emplace(std::move(first));
  }
  const int backend = (*lease)->connection().backendpid();
  int waiters_backend = 0;
  std::thread waiter([&] {
    absl::StatusOr<Pool::Lease> second = pool->Checkout(absl::InfiniteFuture());
    if (second.ok()) waiters_backend = (*second)->connection().backendpid();
  });
  lease.reset();
  waiter.join();
  EXPECT_EQ(waiters_backend, backend);
}

TEST_F(PoolTest, ManyThreadsShareFewConnections) {
  PoolOptions options = Options();
  options.checkout_timeout = absl::Minutes(1);
  options.application_name = "many threads";
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  std::atomic<int> answered = 0;
  {
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int j = 0; j < 25; ++j) answered += Ask(*pool, "SELECT 1").ok();
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
  EXPECT_EQ(answered, 200);
  ASSERT_OK_AND_ASSIGN(
      const std::string connections,
      Ask(*pool, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'many threads'"));
  EXPECT_LE(std::stoi(connections), 2);
}

TEST_F(PoolTest, ReplacesBrokenIdleConnections) {
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(Options()));
  ASSERT_OK_AND_ASSIGN(const std::string before, Ask(*pool, "SELECT pg_backend_pid()"));
  ASSERT_OK(server_->TerminateBackends());
  EXPECT_THAT(Ask(*pool, "SELECT pg_backend_pid()"), IsOkAndHolds(Not(before)));
  ASSERT_OK(server_->Restart());
  EXPECT_OK(Ask(*pool, "SELECT 1"));
  ASSERT_OK(server_->KillHard());
  ASSERT_OK(server_->Start());
  EXPECT_OK(Ask(*pool, "SELECT 1"));
}

TEST_F(PoolTest, PreparedStatementsExistOnEveryConnection) {
  PoolOptions options = Options();
  options.statements = {{"add", "SELECT $1::int + $2::int"}};
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  const auto add = [&] {
    return RunInTransaction(*pool, {"add"}, [](pqxx::work& tx) -> absl::StatusOr<int> {
      return tx.exec_prepared1("add", 40, 2)[0].as<int>();
    });
  };
  EXPECT_THAT(add(), IsOkAndHolds(42));
  ASSERT_OK(server_->TerminateBackends());
  EXPECT_THAT(add(), IsOkAndHolds(42));
}

// As all databases of a standby are.
TEST_F(PoolTest, HealthProbeRefusesADatabaseThatIsReadOnly) {
  PoolOptions options = Options();
  options.dsn += " options='-c default_transaction_read_only=on'";
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  ASSERT_OK_AND_ASSIGN(const auto health, HealthProbe::Create(*pool, absl::Seconds(5)));
  EXPECT_THAT(health->Check(),
              StatusIs(absl::StatusCode::kUnavailable, HasSubstr("the database is read-only")));
}

TEST_F(PoolTest, HealthProbeDoesNotDependOnPool) {
  PoolOptions options = Options();
  options.size = 1;
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  ASSERT_OK_AND_ASSIGN(const auto health, HealthProbe::Create(*pool, absl::Seconds(5)));
  ASSERT_OK_AND_ASSIGN(const Pool::Lease all, pool->Checkout(absl::InfiniteFuture()));
  EXPECT_OK(health->Check());
  ASSERT_OK(server_->Stop());
  EXPECT_THAT(health->Check(), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(server_->Start());
  EXPECT_OK(health->Check());
}

}  // namespace
}  // namespace lmsmail::postgres
