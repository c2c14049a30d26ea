#include "libs/postgres/migration.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <string>
#include <thread>
#include <vector>

#include "embedded/postgres_test_schema.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

using Files = std::vector<SqlFile>;

constexpr SqlFile kFirst = {"0001_first",
                            "CREATE TABLE step (id int); INSERT INTO step VALUES (1)"};
constexpr SqlFile kSecond = {"0002_second", "INSERT INTO step VALUES (2)"};
constexpr SqlFile kIndex = {"0002_index",
                            "-- lmsmail: no transaction\n"
                            "CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS step_id ON step (id);\n"
                            "CREATE INDEX CONCURRENTLY IF NOT EXISTS step_even ON step (id)\n"
                            "  WHERE id % 2 = 0;\n"};
constexpr SqlFile kAlter = {"0002_alter", "ALTER TABLE step ADD COLUMN name text"};

class MigrationTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_OK_AND_ASSIGN(dsn_, EmbeddedPostgres::Shared().NewDatabase()); }

  std::string Query(const std::string& sql) {
    pqxx::connection connection(dsn_);
    return pqxx::nontransaction(connection).exec1(sql)[0].c_str();
  }

  absl::Status MigrateTo(const Files& migrations, const Files& functions = {},
                         const MigrationOptions& options = {}) {
    return Migrate(dsn_, "school", {migrations, functions}, options);
  }

  // Runs Migrate() in several processes' stead at the same time.
  void ExpectReplicasSucceedTogether(const Files& migrations) {
    std::vector<absl::Status> outcomes(8);
    {
      std::vector<std::thread> replicas;
      for (absl::Status& outcome : outcomes) {
        replicas.emplace_back([&] { outcome = MigrateTo(migrations); });
      }
      for (std::thread& replica : replicas) replica.join();
    }
    for (const absl::Status& outcome : outcomes) EXPECT_OK(outcome);
  }

  std::string dsn_;
};

TEST_F(MigrationTest, CreatesSchemaAndRecordsEachMigration) {
  ASSERT_OK(MigrateTo({kFirst, kSecond}));
  EXPECT_EQ(Query("SELECT sum(id) FROM school.step"), "3");
  EXPECT_EQ(Query("SELECT string_agg(name, ' ' ORDER BY name) FROM school.schema_migration"),
            "0001_first 0002_second");
}

TEST_F(MigrationTest, AppliesEachMigrationOnce) {
  ASSERT_OK(MigrateTo({kFirst}));
  ASSERT_OK(MigrateTo({kFirst, kSecond}));
  ASSERT_OK(MigrateTo({kFirst, kSecond}));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "2");
}

TEST_F(MigrationTest, OlderReleaseStartsOnNewerSchema) {
  ASSERT_OK(MigrateTo({kFirst, kSecond}));
  EXPECT_OK(MigrateTo({kFirst}));
}

TEST_F(MigrationTest, RefusesEditedMigration) {
  ASSERT_OK(MigrateTo({kFirst}));
  EXPECT_THAT(MigrateTo({{kFirst.name, "CREATE TABLE step (id bigint)"}}),
              StatusIs(absl::StatusCode::kFailedPrecondition,
                       AllOf(HasSubstr("0001_first"), HasSubstr("edited"))));
}

TEST_F(MigrationTest, FailedMigrationLeavesNothingAndKeepsThoseBefore) {
  EXPECT_THAT(MigrateTo({kFirst, {"0002_broken", "INSERT INTO step VALUES (2); SELECT nonsense"}}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("0002_broken")));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "1");
  EXPECT_OK(MigrateTo({kFirst, kSecond}));
}

TEST_F(MigrationTest, ReplicasThatStartTogetherApplyEachMigrationOnce) {
  ExpectReplicasSucceedTogether({kFirst, kSecond});
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "2");
}

TEST_F(MigrationTest, RoleWithoutRightToCreateSchemasUsesItsOwn) {
  ASSERT_OK(EmbeddedPostgres::Shared().CreateRole("clerk"));
  Query("CREATE SCHEMA school AUTHORIZATION clerk; SELECT 1");
  dsn_ = EmbeddedPostgres::Shared().Dsn(Query("SELECT current_database()"), "clerk");
  EXPECT_OK(MigrateTo({kFirst}));
  EXPECT_EQ(Query("SELECT count(*) FROM school.step"), "1");
}

TEST_F(MigrationTest, RefusesNamesThatDoNotAscend) {
  EXPECT_THAT(MigrateTo({kSecond, kFirst}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0002_second")));
  EXPECT_THAT(MigrateTo({kFirst, kFirst}), StatusIs(absl::StatusCode::kInvalidArgument));
  EXPECT_THAT(MigrateTo({}, {kSecond, kFirst}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0002_second")));
}

TEST_F(MigrationTest, EmbeddedFilesArriveByteForByte) {
  ASSERT_EQ(kPostgresTestSchema.migrations.size(), 2u);
  EXPECT_EQ(kPostgresTestSchema.migrations[0].name, "0001_awkward");
  EXPECT_GT(kPostgresTestSchema.migrations[1].sql.size(), 65536u);
  ASSERT_OK(Migrate(dsn_, "awkward", kPostgresTestSchema));
  EXPECT_EQ(Query("SELECT awkward.text_of(1)"), "a;b [c] \\d \"e\" ${F} )\" ü");
  EXPECT_EQ(Query("SELECT count(*) FROM awkward.awkward"), "901");
}

// Without a transaction.

class ConcurrentMigrationTest : public MigrationTest {
 protected:
  std::string IndexStates() {
    return Query(
        "SELECT coalesce(string_agg(indexrelid::regclass || ' ' || indisvalid, ', '"
        "                           ORDER BY indexrelid), '')"
        "  FROM pg_index WHERE indrelid = 'school.step'::regclass");
  }
};

TEST_F(ConcurrentMigrationTest, BuildsIndexesConcurrently) {
  ASSERT_OK(MigrateTo({kFirst, kIndex}));
  EXPECT_EQ(IndexStates(), "school.step_id true, school.step_even true");
  EXPECT_OK(MigrateTo({kFirst, kIndex, {"0003_third", "INSERT INTO step VALUES (2)"}}));
}

TEST_F(ConcurrentMigrationTest, BuildsAnewTheInvalidIndexOfFailedBuild) {
  ASSERT_OK(MigrateTo({kFirst}));
  Query("INSERT INTO school.step VALUES (1) RETURNING ctid");
  EXPECT_THAT(MigrateTo({kFirst, kIndex}),
              StatusIs(absl::StatusCode::kAlreadyExists, HasSubstr("0002_index")));
  ASSERT_EQ(IndexStates(), "school.step_id false");
  Query("DELETE FROM school.step WHERE ctid = '(0,1)' RETURNING id");
  EXPECT_OK(MigrateTo({kFirst, kIndex}));
  EXPECT_EQ(IndexStates(), "school.step_id true, school.step_even true");
}

TEST_F(ConcurrentMigrationTest, RunsAgainAfterCrashBeforeItWasRecorded) {
  ASSERT_OK(MigrateTo({kFirst, kIndex}));
  Query("DELETE FROM school.schema_migration WHERE name = '0002_index' RETURNING name");
  EXPECT_OK(MigrateTo({kFirst, kIndex}));
  EXPECT_EQ(Query("SELECT count(*) FROM school.schema_migration"), "2");
}

TEST_F(ConcurrentMigrationTest, ReplicasThatStartTogetherBuildEachIndexOnce) {
  ExpectReplicasSucceedTogether({kFirst, kIndex});
  EXPECT_EQ(IndexStates(), "school.step_id true, school.step_even true");
}

TEST_F(ConcurrentMigrationTest, WaitsForOlderTransactionsWithoutTimeout) {
  ASSERT_OK(MigrateTo({kFirst}));
  pqxx::connection connection(dsn_);
  std::optional<pqxx::work> writer(connection);
  writer->exec("INSERT INTO school.step VALUES (2)");
  absl::Status outcome;
  std::thread migrator(
      [&] { outcome = MigrateTo({kFirst, kIndex}, {}, {.lock_timeout = absl::Milliseconds(1)}); });
  while (Query("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'virtualxid'") != "1") {
    std::this_thread::yield();
  }
  writer->commit();
  migrator.join();
  EXPECT_OK(outcome);
}

// Locks.

class LockedMigrationTest : public MigrationTest {
 protected:
  void SetUp() override {
    MigrationTest::SetUp();
    ASSERT_OK(MigrateTo({kFirst}));
    reader_connection_.emplace(dsn_ + " application_name=slow-report");
    reader_.emplace(*reader_connection_);
    reader_->exec("SELECT * FROM school.step");
  }

  std::optional<pqxx::connection> reader_connection_;
  std::optional<pqxx::work> reader_;
};

TEST_F(LockedMigrationTest, RetriesUntilLongReaderHasEndedAndBlocksNobodyMeanwhile) {
  std::vector<absl::Duration> pauses;
  ASSERT_OK(MigrateTo({kFirst, kAlter}, {},
                      {.lock_timeout = absl::Milliseconds(5), .sleep = [&](absl::Duration pause) {
                         pauses.push_back(pause);
                         Query("SET lock_timeout = 1000; SELECT count(*) FROM school.step");
                         if (pauses.size() == 2) reader_->commit();
                       }}));
  ASSERT_EQ(pauses.size(), 2u);
  EXPECT_GT(pauses[1], pauses[0]);
  EXPECT_EQ(Query("SELECT count(name) FROM school.step"), "0");
}

TEST_F(LockedMigrationTest, GivesUpAndNamesMigrationAndLockHolder) {
  int pauses = 0;
  const MigrationOptions options = {.lock_timeout = absl::Milliseconds(5),
                                    .max_attempts = 3,
                                    .sleep = [&](absl::Duration) { ++pauses; }};
  EXPECT_THAT(MigrateTo({kFirst, kAlter}, {}, options),
              StatusIs(absl::StatusCode::kAborted,
                       AllOf(HasSubstr("0002_alter"), HasSubstr("slow-report"))));
  EXPECT_EQ(pauses, 2);
  reader_->commit();
  EXPECT_OK(MigrateTo({kFirst, kAlter}, {}, options));
}

// Functions.

class FunctionsTest : public MigrationTest {
 protected:
  static constexpr SqlFile kCount = {
      "count",
      "CREATE OR REPLACE FUNCTION steps() RETURNS int8 LANGUAGE sql AS "
      "$$ SELECT count(*) + nothing() FROM step $$"};
  static constexpr SqlFile kNothing = {
      "nothing",
      "CREATE OR REPLACE FUNCTION nothing() RETURNS int8 LANGUAGE sql AS $$ SELECT 0 $$"};

  std::string Steps() { return Query("SET search_path = school; SELECT steps()"); }
};

TEST_F(FunctionsTest, AppliesFilesThatCallLaterOnes) {
  ASSERT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
  EXPECT_EQ(Steps(), "1");
  EXPECT_EQ(Query("SELECT string_agg(name, ' ' ORDER BY name) FROM school.schema_function"),
            "count nothing");
}

TEST_F(FunctionsTest, AppliesChangedFilesOnly) {
  ASSERT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
  const std::string before = Query("SELECT xmin FROM pg_proc WHERE proname = 'steps'");
  ASSERT_OK(MigrateTo({kFirst}, {kCount,
                                 {"nothing",
                                  "CREATE OR REPLACE FUNCTION nothing() RETURNS int8 LANGUAGE sql "
                                  "AS $$ SELECT 10 $$"}}));
  EXPECT_EQ(Steps(), "11");
  EXPECT_EQ(Query("SELECT xmin FROM pg_proc WHERE proname = 'steps'"), before);
}

TEST_F(FunctionsTest, FileReplacesItsFormerSignature) {
  ASSERT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
  ASSERT_OK(MigrateTo({kFirst}, {{"count",
                                  "DROP FUNCTION IF EXISTS steps();"
                                  "CREATE OR REPLACE FUNCTION steps(p_extra int8 = 5) RETURNS int4 "
                                  "LANGUAGE sql AS $$ SELECT p_extra::int4 $$"},
                                 kNothing}));
  EXPECT_EQ(Steps(), "5");
}

TEST_F(FunctionsTest, FailedFileIsNamedAndNoneIsApplied) {
  EXPECT_THAT(MigrateTo({kFirst}, {kCount}),
              StatusIs(absl::StatusCode::kInternal, HasSubstr("functions count of school")));
  EXPECT_EQ(Query("SELECT count(*) FROM school.schema_function"), "0");
  EXPECT_EQ(Query("SELECT count(*) FROM pg_proc WHERE proname = 'steps'"), "0");
  EXPECT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
}

TEST_F(FunctionsTest, EarlierTextIsAppliedAgain) {
  constexpr SqlFile kOther = {
      "count", "CREATE OR REPLACE FUNCTION steps() RETURNS int8 LANGUAGE sql AS $$ SELECT 7 $$"};
  ASSERT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
  ASSERT_OK(MigrateTo({kFirst}, {kOther, kNothing}));
  EXPECT_EQ(Steps(), "7");
  ASSERT_OK(MigrateTo({kFirst}, {kCount, kNothing}));
  EXPECT_EQ(Steps(), "1");
}

TEST_F(FunctionsTest, OlderReleaseLeavesFunctionsOfNewerSchemaAlone) {
  ASSERT_OK(MigrateTo({kFirst, kSecond}, {kCount, kNothing}));
  ASSERT_OK(MigrateTo(
      {kFirst},
      {{"count",
        "CREATE OR REPLACE FUNCTION steps() RETURNS int8 LANGUAGE sql AS $$ SELECT -1 $$"}}));
  EXPECT_EQ(Steps(), "2");
}

}  // namespace
}  // namespace lmsmail::postgres
