#include "libs/postgres/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>
#include <thread>
#include <vector>

#include "embedded/postgres_test_migrations.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr Migration kFirst = {"0001_first",
                              "CREATE TABLE step (id int); INSERT INTO step VALUES (1)"};
constexpr Migration kSecond = {"0002_second", "INSERT INTO step VALUES (2)"};

class MigrationTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(dsn_, EmbeddedPostgres::Shared().NewDatabase()); }

  std::string Query(const std::string& sql) {
    pqxx::connection connection(dsn_);
    return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
  }

  std::string dsn_;
};

TEST_F(MigrationTest, MakesTheSchemaAndRecordsEachStep) {
  ASSERT_OK(Migrate(dsn_, "school", {kFirst, kSecond}));
  EXPECT_EQ(Query("SELECT sum(id) FROM school.step"), "3");
  EXPECT_EQ(Query("SELECT string_agg(name, ' ' ORDER BY name) FROM school.schema_migration"),
            "0001_first 0002_second");
}

TEST_F(MigrationTest, AppliesEachStepOnce) {
  ASSERT_OK(Migrate(dsn_, "school", {kFirst}));
  ASSERT_OK(Migrate(dsn_, "school", {kFirst, kSecond}));
  ASSERT_OK(Migrate(dsn_, "school", {kFirst, kSecond}));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "2");
}

TEST_F(MigrationTest, AnOlderReleaseStartsOnANewerSchema) {
  ASSERT_OK(Migrate(dsn_, "school", {kFirst, kSecond}));
  EXPECT_OK(Migrate(dsn_, "school", {kFirst}));
}

TEST_F(MigrationTest, AnEditedStepIsNamed) {
  ASSERT_OK(Migrate(dsn_, "school", {kFirst}));
  EXPECT_THAT(Migrate(dsn_, "school", {{kFirst.name, "CREATE TABLE step (id bigint)"}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("0001_first"), HasSubstr("edited"))));
}

TEST_F(MigrationTest, AFailedStepLeavesNothingAndKeepsTheOnesBefore) {
  EXPECT_THAT(Migrate(dsn_, "school",
                      {kFirst, {"0002_broken", "INSERT INTO step VALUES (2); SELECT nonsense"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("0002_broken")));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "1");
  EXPECT_OK(Migrate(dsn_, "school", {kFirst, kSecond}));
}

TEST_F(MigrationTest, ReplicasThatStartTogetherApplyEachStepOnce) {
  std::vector<absl::Status> outcomes(8);
  {
    std::vector<std::thread> replicas;
    for (absl::Status& outcome : outcomes) {
      replicas.emplace_back([&] { outcome = Migrate(dsn_, "school", {kFirst, kSecond}); });
    }
    for (std::thread& replica : replicas) replica.join();
  }
  for (const absl::Status& outcome : outcomes) EXPECT_OK(outcome);
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "2");
}

TEST_F(MigrationTest, ARoleWithoutTheRightToCreateSchemasUsesItsOwn) {
  Query("CREATE ROLE clerk LOGIN; CREATE SCHEMA school AUTHORIZATION clerk; SELECT 1");
  EXPECT_OK(Migrate(dsn_ + " user=clerk", "school", {kFirst}));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "1");
}

TEST_F(MigrationTest, RefusesNamesThatDoNotAscend) {
  EXPECT_THAT(Migrate(dsn_, "school", {kSecond, kFirst}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0002_second")));
  EXPECT_THAT(Migrate(dsn_, "school", {kFirst, kFirst}),
              StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST_F(MigrationTest, EmbeddedFilesArriveByteForByte) {
  ASSERT_EQ(std::size(kPostgresTestMigrations), 2u);
  EXPECT_EQ(kPostgresTestMigrations[0].name, "0001_awkward");
  EXPECT_GT(kPostgresTestMigrations[1].sql.size(), 65536u);
  ASSERT_OK(Migrate(dsn_, "awkward", kPostgresTestMigrations));
  EXPECT_EQ(Query("SELECT text FROM awkward.awkward WHERE id = 1"), "a;b [c] \\d \"e\" ${F} )\" ü");
  EXPECT_EQ(Query("SELECT count(*) FROM awkward.awkward"), "899");
}

}  // namespace
}  // namespace lmsmail::postgres
