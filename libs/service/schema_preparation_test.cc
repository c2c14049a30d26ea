#include "libs/service/schema_preparation.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <csignal>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>
#include <vector>

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/rpc/channel.h"
#include "libs/rpc/health_check.h"
#include "libs/service/testing/service_process.h"
#include "libs/testing/status_matchers.h"

// Runs a service as a process with the role of a migrator and one of its own.
namespace lmsmail::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class SchemaPreparationTest : public ::testing::Test {
 protected:
  void SetUp() override {
    postgres::EmbeddedPostgres& server = postgres::EmbeddedPostgres::Shared();
    for (const char* role : {"migrator", "demo_role"}) ASSERT_OK(server.CreateRole(role));
    ASSERT_OK_AND_ASSIGN(const std::string admin_dsn, server.NewDatabase());
    pqxx::connection admin(admin_dsn);
    pqxx::nontransaction(admin).exec(
        fmt::format("GRANT CREATE ON DATABASE {} TO migrator", admin.dbname()));
    dsn_ = server.Dsn(admin.dbname(), "demo_role");
    migrator_dsn_ = server.Dsn(admin.dbname(), "migrator");
  }

  ServiceProcess Demo(std::vector<std::string> flags) const {
    flags.push_back("--postgres.dsn=" + dsn_);
    flags.emplace_back("--postgres.probe_interval=20ms");
    flags.emplace_back("--log.level=debug");
    return {LMSMAIL_DEMO_BINARY, flags};
  }
  std::string MigratorFlag() const { return "--postgres.migrator_dsn=" + migrator_dsn_; }

  std::string dsn_;
  std::string migrator_dsn_;
};

TEST_F(SchemaPreparationTest, MigratesAsTheMigratorAndServesWithItsOwnRole) {
  ServiceProcess demo = Demo({MigratorFlag()});
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
  EXPECT_THAT(demo.log(), Not(HasSubstr("the service's own role owns the schema")));
  pqxx::connection own(dsn_);
  EXPECT_THROW(pqxx::nontransaction(own).exec("DROP TABLE demo.note"),
               pqxx::insufficient_privilege);
  EXPECT_NO_THROW(pqxx::nontransaction(own).exec("DELETE FROM demo.note"));
}

TEST_F(SchemaPreparationTest, TellsThatItHasNoMigrator) {
  dsn_ = migrator_dsn_;
  ServiceProcess demo = Demo({});
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
  EXPECT_THAT(demo.log(), AllOf(HasSubstr("the service's own role owns the schema"),
                                HasSubstr("postgres.migrator_dsn_file")));
}

TEST_F(SchemaPreparationTest, WaitsUntilSomebodyElseHasMigrated) {
  ServiceProcess demo = Demo({"--postgres.migrate=false"});
  const auto channel = rpc::NewChannel({.target = fmt::format("127.0.0.1:{}", demo.WaitForPort())});
  ASSERT_OK(channel);
  const std::string line = demo.WaitForLine("waiting for the database");
  EXPECT_THAT(line, AllOf(HasSubstr("schema demo has no migrations"), HasSubstr("--migrate")));
  EXPECT_THAT(rpc::IsServing(*channel, ""), IsOkAndHolds(false));

  // Twice, also side by side: each applies what is missing.
  ServiceProcess one = Demo({"--migrate", MigratorFlag(), "--postgres.migrate=false"});
  ServiceProcess other = Demo({"--migrate", MigratorFlag()});
  EXPECT_EQ(one.WaitForExit(), 0) << one.log();
  EXPECT_EQ(other.WaitForExit(), 0) << other.log();
  ASSERT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
  ServiceProcess again = Demo({"--migrate", MigratorFlag()});
  EXPECT_NE(again.WaitForLine("the schema is migrated"), "");
  EXPECT_EQ(again.WaitForExit(), 0);

  const std::string& log = demo.log();
  EXPECT_EQ(log.find("has no migrations yet"), log.rfind("has no migrations yet"))
      << "logged more than once";
}

TEST_F(SchemaPreparationTest, WaitsOnAnEarlierSchemaAndNamesBothVersions) {
  EXPECT_EQ(Demo({"--migrate", MigratorFlag()}).WaitForExit(), 0);
  pqxx::connection owner(migrator_dsn_);
  pqxx::nontransaction(owner).exec(
      "DROP TABLE demo.database_mark; DROP FUNCTION demo.observe_database;"
      "DELETE FROM demo.schema_function;"
      "DELETE FROM demo.schema_migration WHERE name = 'service_0002_database_mark'");

  ServiceProcess demo = Demo({"--postgres.migrate=false"});
  const auto channel = rpc::NewChannel({.target = fmt::format("127.0.0.1:{}", demo.WaitForPort())});
  ASSERT_OK(channel);
  EXPECT_THAT(demo.WaitForLine("waiting for the database"),
              AllOf(HasSubstr("is at the migration service_0001_page_token_key"),
                    HasSubstr("needs service_0002_database_mark"), HasSubstr("--migrate")));
  EXPECT_THAT(rpc::IsServing(*channel, ""), IsOkAndHolds(false));
  EXPECT_EQ(Demo({"--migrate", MigratorFlag()}).WaitForExit(), 0);
  EXPECT_NE(demo.WaitForLine("\"serving\""), "") << demo.log();
}

TEST_F(SchemaPreparationTest, MigrationThatFailsSaysWhy) {
  ServiceProcess unreachable = Demo({"--migrate", "--postgres.migrator_dsn=host=/nonexistent"});
  EXPECT_EQ(unreachable.WaitForExit(), 1);
  EXPECT_THAT(unreachable.log(), HasSubstr("the database cannot be reached"));

  migrator_dsn_ = dsn_;  // which may not create a schema
  ServiceProcess powerless = Demo({"--migrate", MigratorFlag()});
  EXPECT_EQ(powerless.WaitForExit(), 1);
  EXPECT_THAT(powerless.log(), HasSubstr("permission denied for database"));
}

}  // namespace
}  // namespace lmsmail::service
