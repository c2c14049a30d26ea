#include "libs/postgres/service_access.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>
#include <thread>
#include <vector>

#include "libs/postgres/migration.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Files = std::vector<SqlFile>;

constexpr SqlFile kTables = {"0001_tables",
                             "CREATE TABLE note (id int8 GENERATED ALWAYS AS IDENTITY, text text);"
                             "CREATE TABLE history (text text);"
                             "COMMENT ON TABLE history IS 'append-only: what happened';"
                             "CREATE TABLE day (id int8) PARTITION BY RANGE (id);"
                             "CREATE SEQUENCE number"};
constexpr SqlFile kMore = {"0002_more", "CREATE TABLE more (text text)"};
constexpr SqlFile kFunctions = {
    "functions",
    "CREATE OR REPLACE FUNCTION one() RETURNS int8 LANGUAGE sql AS $$ SELECT 1::int8 $$;"
    "CREATE OR REPLACE FUNCTION make_day(p_day int8) RETURNS void LANGUAGE plpgsql"
    " SECURITY DEFINER SET search_path = school, pg_temp AS $$ BEGIN"
    "  EXECUTE format('CREATE TABLE day_%s PARTITION OF day FOR VALUES FROM (%s) TO (%s)', p_day,"
    "                 p_day, p_day + 1);"
    "END $$;"
    "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS $$"
    " BEGIN RAISE EXCEPTION 'kept'; END $$;"
    "CREATE OR REPLACE TRIGGER keep BEFORE UPDATE ON history FOR EACH ROW EXECUTE FUNCTION keep()"};

class ServiceAccessTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EmbeddedPostgres& server = EmbeddedPostgres::Shared();
    for (const char* role : {"migrator", "clerk", "stranger"}) ASSERT_OK(server.CreateRole(role));
    ASSERT_OK_AND_ASSIGN(admin_dsn_, server.NewDatabase());
    database_ = pqxx::connection(admin_dsn_).dbname();
    As(admin_dsn_, fmt::format("GRANT CREATE ON DATABASE {} TO migrator", database_));
    migrator_dsn_ = server.Dsn(database_, "migrator");
  }

  absl::Status MigrateTo(const Files& migrations, const Files& functions = {}) {
    return Migrate(migrator_dsn_, "school", {migrations, functions}, {.service_role = "clerk"});
  }

  // Returns the first value, or the error.
  static std::string As(const std::string& dsn, const std::string& sql) {
    try {
      pqxx::connection connection(dsn + " options='-c search_path=school'");
      const pqxx::result rows = pqxx::nontransaction(connection).exec(sql);
      return rows.empty() || rows.columns() == 0 ? "done" : rows[0][0].c_str();
    } catch (const std::exception& error) {
      return error.what();
    }
  }
  std::string AsClerk(const std::string& sql) {
    return As(EmbeddedPostgres::Shared().Dsn(database_, "clerk"), sql);
  }
  std::string AsAdmin(const std::string& sql) { return As(admin_dsn_, sql); }

  std::string database_;
  std::string admin_dsn_;
  std::string migrator_dsn_;
};

TEST_F(ServiceAccessTest, ServiceDoesItsWork) {
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  EXPECT_EQ(AsClerk("INSERT INTO note (text) VALUES ('a')"), "done");
  EXPECT_EQ(AsClerk("UPDATE note SET text = 'b' RETURNING text"), "b");
  EXPECT_EQ(AsClerk("DELETE FROM note RETURNING text"), "b");
  EXPECT_EQ(AsClerk("INSERT INTO history VALUES ('a') RETURNING text"), "a");
  EXPECT_EQ(AsClerk("SELECT nextval('number')"), "1");
  EXPECT_EQ(AsClerk("SELECT one()"), "1");
  AsClerk("SELECT make_day(7)");
  EXPECT_EQ(AsClerk("INSERT INTO day VALUES (7) RETURNING id"), "7");
  EXPECT_THAT(AsClerk("INSERT INTO day_7 VALUES (7)"), HasSubstr("permission denied"));
  EXPECT_EQ(AsClerk("SELECT count(*) FROM schema_migration"), "1");
}

TEST_F(ServiceAccessTest, ServiceDoesNothingElse) {
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  for (const char* sql :
       {"CREATE TABLE t (a int)",
        "CREATE TEMPORARY TABLE t (a int)",
        "CREATE SCHEMA s",
        "CREATE TABLE public.t (a int)",
        "ALTER TABLE note ADD a int",
        "DROP TABLE note",
        "TRUNCATE note",
        "ALTER TABLE history DISABLE TRIGGER keep",
        "ALTER TABLE history DISABLE TRIGGER ALL",
        "DROP TRIGGER keep ON history",
        "DROP FUNCTION keep() CASCADE",
        "SET session_replication_role = replica",
        "CREATE OR REPLACE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END'",
        "UPDATE history SET text = ''",
        "DELETE FROM history",
        "TRUNCATE history",
        "COMMENT ON TABLE history IS NULL",
        "DELETE FROM schema_migration",
        "INSERT INTO schema_function VALUES ('a', 'b')",
        "SELECT setval('number', 7)",
        "CREATE TRIGGER mine BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION keep()",
        "SET ROLE migrator"}) {
    EXPECT_THAT(AsClerk(sql),
                ::testing::AnyOf(HasSubstr("permission denied"), HasSubstr("must be owner")))
        << sql;
  }
}

TEST_F(ServiceAccessTest, OthersGetNothing) {
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  const std::string stranger = EmbeddedPostgres::Shared().Dsn(database_, "stranger");
  EXPECT_THAT(As(stranger, "SELECT school.one()"), HasSubstr("permission denied for schema"));
  EXPECT_EQ(AsAdmin("SELECT count(*) FROM pg_proc p CROSS JOIN aclexplode(p.proacl) a"
                    " WHERE p.pronamespace = 'school'::regnamespace AND a.grantee = 0"),
            "0");
}

TEST_F(ServiceAccessTest, LaterTablesAndFunctionsFollow) {
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  ASSERT_OK(MigrateTo({kTables, kMore}, {kFunctions}));
  EXPECT_EQ(AsClerk("INSERT INTO more VALUES ('a') RETURNING text"), "a");
}

TEST_F(ServiceAccessTest, TakesAwayWhatIsTooMuchAndLeavesTheRestAlone) {
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  AsAdmin("GRANT ALL ON school.history TO clerk; GRANT SELECT ON school.history TO PUBLIC");
  const std::string before = AsAdmin("SELECT xmin FROM pg_class WHERE oid = 'note'::regclass");
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  EXPECT_THAT(AsClerk("DELETE FROM history"), HasSubstr("permission denied"));
  EXPECT_EQ(AsAdmin("SELECT relacl FROM pg_class WHERE oid = 'history'::regclass"),
            "{migrator=arwdDxt/migrator,clerk=ar/migrator}");
  EXPECT_EQ(AsAdmin("SELECT xmin FROM pg_class WHERE oid = 'note'::regclass"), before);
}

TEST_F(ServiceAccessTest, NewRoleOfTheServiceGetsTheRights) {
  ASSERT_OK(
      Migrate(migrator_dsn_, "school", {.migrations = {{kTables}}}, {.service_role = "stranger"}));
  ASSERT_OK(MigrateTo({kTables}));
  EXPECT_EQ(AsClerk("SELECT count(*) FROM note"), "0");
}

TEST_F(ServiceAccessTest, ReplicasThatStartTogetherGrantTogether) {
  std::vector<absl::Status> outcomes(6);
  {
    std::vector<std::thread> replicas;
    for (absl::Status& outcome : outcomes) {
      replicas.emplace_back([&] { outcome = MigrateTo({kTables}, {kFunctions}); });
    }
    for (std::thread& replica : replicas) replica.join();
  }
  for (const absl::Status& outcome : outcomes) EXPECT_OK(outcome);
}

TEST_F(ServiceAccessTest, RefusesRolesThatCouldDoEverything) {
  const auto refuses = [](const char* remedy) {
    return StatusIs(absl::StatusCode::kFailedPrecondition,
                    AllOf(HasSubstr("clerk"), HasSubstr(remedy)));
  };
  AsAdmin("ALTER ROLE clerk SUPERUSER");
  EXPECT_THAT(MigrateTo({kTables}), refuses("NOSUPERUSER"));
  AsAdmin("ALTER ROLE clerk NOSUPERUSER CREATEROLE");
  EXPECT_THAT(MigrateTo({kTables}), refuses("NOCREATEROLE"));
  AsAdmin("ALTER ROLE clerk NOCREATEROLE; GRANT migrator TO clerk");
  EXPECT_THAT(MigrateTo({kTables}), refuses("REVOKE migrator FROM clerk"));
  AsAdmin("REVOKE migrator FROM clerk");
  EXPECT_OK(MigrateTo({kTables}));
  EXPECT_THAT(Migrate(migrator_dsn_, "school", {}, {.service_role = "nobody_knows"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("CREATE ROLE")));
}

// A superuser may migrate what anybody owns.
TEST_F(ServiceAccessTest, RefusesServicesThatOwnTheirSchema) {
  AsAdmin(fmt::format("GRANT CREATE ON DATABASE {} TO clerk", database_));
  ASSERT_OK(Migrate(EmbeddedPostgres::Shared().Dsn(database_, "clerk"), "school",
                    {.migrations = {{kTables}}}));
  EXPECT_THAT(Migrate(admin_dsn_, "school", {.migrations = {{kTables}}}, {.service_role = "clerk"}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("owns the schema school")));
}

TEST_F(ServiceAccessTest, TellsHowToTakeASchemaOver) {
  AsAdmin(fmt::format("GRANT CREATE ON DATABASE {} TO clerk", database_));
  ASSERT_OK(Migrate(EmbeddedPostgres::Shared().Dsn(database_, "clerk"), "school",
                    {.migrations = {{kTables}}, .functions = {{kFunctions}}}));
  EXPECT_THAT(MigrateTo({kTables}, {kFunctions}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       HasSubstr("REASSIGN OWNED BY clerk TO migrator")));
  AsAdmin(fmt::format(
      "REASSIGN OWNED BY clerk TO migrator; REVOKE CREATE ON DATABASE {} FROM clerk", database_));
  ASSERT_OK(MigrateTo({kTables}, {kFunctions}));
  EXPECT_EQ(AsClerk("INSERT INTO history VALUES ('a') RETURNING text"), "a");
  EXPECT_THAT(AsClerk("DELETE FROM history"), HasSubstr("permission denied"));
}

}  // namespace
}  // namespace lmsmail::postgres
