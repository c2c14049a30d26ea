#include "libs/postgres/schema_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr SqlFile kTable[] = {{"0001_note", "CREATE TABLE note (text text)"}};
constexpr SqlFile kTwo[] = {{"0001_note", "CREATE TABLE note (text text)"},
                            {"0002_more", "CREATE TABLE more (text text)"}};
constexpr SqlFile kCount[] = {
    {"count",
     "CREATE OR REPLACE FUNCTION notes() RETURNS int8 LANGUAGE sql AS $$ SELECT 1::int8 $$"}};
constexpr SqlFile kOtherCount[] = {
    {"count",
     "CREATE OR REPLACE FUNCTION notes() RETURNS int8 LANGUAGE sql AS $$ SELECT 2::int8 $$"}};

class SchemaCheckTest : public ::testing::Test {
 protected:
  void SetUp() override {
    EmbeddedPostgres& server = EmbeddedPostgres::Shared();
    ASSERT_OK(server.CreateRole("reader"));
    ASSERT_OK_AND_ASSIGN(owner_dsn_, server.NewDatabase());
    const std::string database = pqxx::connection(owner_dsn_).dbname();
    PoolOptions options;
    options.dsn = server.Dsn(database, "reader");
    ASSERT_OK_AND_ASSIGN(pool_, Pool::Create(std::move(options)));
  }

  absl::Status MigrateTo(const SchemaDefinition& definition) {
    return Migrate(owner_dsn_, "school", definition, {.service_role = "reader"});
  }
  absl::Status Check(const SchemaDefinition& definition) {
    return CheckSchema(*pool_, "school", definition);
  }

  std::string owner_dsn_;
  std::unique_ptr<Pool> pool_;
};

TEST_F(SchemaCheckTest, NamesWhatIsMissing) {
  const auto is_missing = [](const char* what) {
    return StatusIs(absl::StatusCode::kUnavailable,
                    AllOf(HasSubstr("school"), HasSubstr(what), HasSubstr("--migrate")));
  };
  EXPECT_THAT(Check({kTable, kCount}), is_missing("migrations"));
  ASSERT_OK(MigrateTo({kTable}));
  EXPECT_THAT(Check({kTwo, kCount}),
              is_missing("at the migration 0001_note, and this release needs 0002_more"));
  EXPECT_THAT(Check({kTable, kCount}), is_missing("functions count"));
  ASSERT_OK(MigrateTo({kTable, kCount}));
  EXPECT_OK(Check({kTable, kCount}));
  EXPECT_THAT(Check({kTable, kOtherCount}), is_missing("functions count"));
}

TEST_F(SchemaCheckTest, EarlierReleasesGoOn) {
  ASSERT_OK(MigrateTo({kTable, kCount}));
  ASSERT_OK(MigrateTo({kTable, kOtherCount}));
  EXPECT_OK(Check({kTable, kCount}));
  ASSERT_OK(MigrateTo({kTwo, kOtherCount}));
  EXPECT_OK(Check({kTable, kCount}));
}

TEST_F(SchemaCheckTest, WaitsForItsRights) {
  ASSERT_OK(Migrate(owner_dsn_, "school", {kTable}));
  EXPECT_THAT(Check({kTable}), StatusIs(absl::StatusCode::kUnavailable));
  ASSERT_OK(MigrateTo({kTable}));
  EXPECT_OK(Check({kTable}));
}

TEST_F(SchemaCheckTest, RefusesEditedMigration) {
  constexpr SqlFile kEdited[] = {{"0001_note", "CREATE TABLE note (text varchar)"}};
  ASSERT_OK(MigrateTo({kTable}));
  EXPECT_THAT(Check({kEdited}),
              StatusIs(absl::StatusCode::kFailedPrecondition, HasSubstr("0001_note")));
}

}  // namespace
}  // namespace lmsmail::postgres
