#include "libs/postgres/migration_statements.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(MigrationStatementsTest, MarkerOnTheFirstLineTurnsTransactionOff) {
  EXPECT_TRUE(RunsWithoutTransaction({"0001", "-- lmsmail: no transaction\nVACUUM;"}));
  EXPECT_FALSE(RunsWithoutTransaction({"0001", "VACUUM;\n-- lmsmail: no transaction\n"}));
  EXPECT_FALSE(RunsWithoutTransaction({"0001", "-- lmsmail: no transactions\nVACUUM;"}));
}

TEST(MigrationStatementsTest, SplitsAtSemicolonsAtLineEnds) {
  EXPECT_THAT(StatementsOf("-- first\nDROP INDEX a;\n\nSELECT ';',\n  2;\n  VACUUM"),
              ElementsAre("DROP INDEX a;", "SELECT ';',\n2;", "VACUUM"));
}

TEST(MigrationStatementsTest, FindsConcurrentlyInAnyCase) {
  EXPECT_TRUE(IsConcurrent("create index concurrently if not exists a on b (c)"));
  EXPECT_FALSE(IsConcurrent("CREATE INDEX IF NOT EXISTS a ON b (c)"));
}

TEST(MigrationStatementsTest, RefusesCreateThatCannotBeRepeated) {
  EXPECT_OK(CheckRepeatable({"0001", "CREATE INDEX a ON b (c);"}));
  EXPECT_OK(CheckRepeatable(
      {"0001", "-- lmsmail: no transaction\ncreate index concurrently if not exists a ON b (c);"}));
  EXPECT_THAT(CheckRepeatable({"0001_index",
                               "-- lmsmail: no transaction\nCREATE INDEX CONCURRENTLY a ON b (c)"}),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("0001_index")));
}

}  // namespace
}  // namespace lmsmail::postgres
