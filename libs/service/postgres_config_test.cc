#include "libs/service/postgres_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kRemote[] = "postgresql://lms:hunter2@db.example/lms";

absl::Status Load(std::vector<const char*> flags, bool insecure = false) {
  PostgresConfig config;
  config::Schema schema("demo", "1");
  config.Declare(schema.Sub("postgres"));
  schema.Check([&](Violations& violations) { config.Check(violations, insecure); });
  flags.insert(flags.begin(), "demo");
  const char* const environment[] = {nullptr};
  return schema
      .Load(static_cast<int>(flags.size()), flags.data(), environment,
            [](const std::string&) -> absl::StatusOr<std::string> { return kRemote; })
      .status();
}

auto Refuses(const char* what) {
  return StatusIs(absl::StatusCode::kInvalidArgument,
                  AllOf(HasSubstr(what), Not(HasSubstr("hunter2"))));
}

TEST(PostgresConfigTest, RefusesAPasswordInTheKeys) {
  EXPECT_THAT(Load({"--postgres.dsn=postgresql://lms:hunter2@localhost/lms"}),
              Refuses("postgres.dsn_file"));
  EXPECT_THAT(
      Load({"--postgres.dsn=dbname=x", "--postgres.migrator_dsn=dbname=x password=hunter2"}),
      Refuses("postgres.migrator_dsn_file"));
}

TEST(PostgresConfigTest, RequiresOneDsnAndAtMostOneOfTheMigrator) {
  EXPECT_THAT(Load({}), Refuses("postgres.dsn_file"));
  EXPECT_THAT(Load({"--postgres.dsn=dbname=x", "--postgres.dsn_file=/x"}),
              Refuses("postgres.dsn_file"));
  EXPECT_THAT(Load({"--postgres.dsn=dbname=x", "--postgres.migrator_dsn=dbname=x",
                    "--postgres.migrator_dsn_file=/x"}),
              Refuses("postgres.migrator_dsn_file"));
}

TEST(PostgresConfigTest, RefusesServersOffThisMachineThatProveNothing) {
  const absl::Status refused =
      Load({"--postgres.dsn_file=/x", "--postgres.migrator_dsn=host=db.example sslmode=require"});
  EXPECT_THAT(refused, Refuses("postgres.dsn_file: "));
  EXPECT_THAT(refused, Refuses("postgres.migrator_dsn: "));
  EXPECT_THAT(refused, Refuses("sslmode=verify-full"));
  EXPECT_THAT(refused, Refuses("insecure: true"));
  EXPECT_OK(Load({"--postgres.dsn_file=/x"}, /*insecure=*/true));
  EXPECT_OK(Load({"--postgres.dsn=host=db.example sslmode=verify-full"}));
}

}  // namespace
}  // namespace lmsmail::service
