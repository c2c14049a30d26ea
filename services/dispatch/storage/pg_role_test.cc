#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "embedded/lmsmail_dispatch_migrations.h"

#include "libs/postgres/pool.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/attacks.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::dispatch {
namespace {

using ::testing::IsEmpty;

// The schema itself, without what fixtures allow.
class PgRoleTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        database_, postgres::EmbeddedPostgres::Shared().NewDatabase("dispatch", kDispatchSchema));
    postgres::PoolOptions options;
    options.dsn = database_.dsn;
    options.schema = "dispatch";
    ASSERT_OK_AND_ASSIGN(pool_, postgres::Pool::Create(std::move(options)));
  }

  absl::Status Execute(const std::string& sql) {
    return RunInTransaction(*pool_, {.name = "test"}, [&](pqxx::work& tx) {
      tx.exec(sql);
      return absl::OkStatus();
    });
  }

  postgres::EmbeddedPostgres::Migrated database_;
  std::unique_ptr<postgres::Pool> pool_;
};

TEST_F(PgRoleTest, ChangesNothingButRows) {
  ASSERT_OK(Execute("SELECT ensure_upcoming_partitions()"));
  EXPECT_THAT(postgres::AttacksThatSucceed(database_.dsn, "dispatch", {"message", "result"}),
              IsEmpty());
}

TEST_F(PgRoleTest, MakesAndDropsPartitionsWithinBounds) {
  EXPECT_OK(Execute("SELECT ensure_partitions(day_of(now()) + 366)"));
  EXPECT_OK(Execute("SELECT ensure_partitions(day_of(now()) - 30)"));
  EXPECT_OK(Execute("SELECT drop_partition('message', day_of(now()) - 30)"));
  EXPECT_OK(Execute("SELECT drop_content_of(ARRAY[first_id_of(day_of(now()) - 8)])"));
  for (const char* sql :
       {"SELECT ensure_partitions(day_of(now()) + 368)", "SELECT ensure_partitions(-1)",
        "SELECT drop_partition('message', day_of(now()))",
        "SELECT drop_partition('result', day_of(now()) - 6)",
        "SELECT drop_partition('queue', day_of(now()) - 30)",
        "SELECT drop_content_of(ARRAY[first_id_of(day_of(now()) - 6)])"}) {
    EXPECT_EQ(postgres::SqlStateOf(Execute(sql)).substr(0, 2), "MQ") << sql;
  }
}

}  // namespace
}  // namespace lmsmail::dispatch
