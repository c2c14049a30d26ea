// Releases side by side: the present programs on a schema that a later release has migrated, and,
// with LMSMAIL_OLD_BINARIES, programs of the release before beside the present ones
// (tests/upgrade/run).

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <memory>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <pqxx/result>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "libs/postgres/migration.h"
#include "libs/rpc/channel.h"
#include "libs/testing/status_matchers.h"
#include "tests/integration/suite/lms_client.h"
#include "tests/integration/suite/payments.h"
#include "tests/integration/suite/suite.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

constexpr int kPaymentsBetween = 10;  // two steps of an update

class UpgradeTest : public ::testing::Test {
 protected:
  // Two replicas of each service, so that it is never away.
  void Start() {
    Suite::Options options;
    options.services = {"template",   "template/1", "preference", "preference/1", "dispatch",
                        "dispatch/1", "report",     "report/1",   "scheduler",    "scheduler/1"};
    ASSERT_OK_AND_ASSIGN(suite_, Suite::Start(std::move(options)));
    ASSERT_OK(Register(*suite_, Payments::Students()));
    ASSERT_OK_AND_ASSIGN(const auto schedulers,
                         rpc::NewChannel({.target = suite_->TargetOfAll("scheduler")}));
    payments_ = std::make_unique<Payments>(schedulers, "payment");
    WaitForPayments();
  }
  void WaitForPayments() {
    const int accepted = payments_->accepted();
    ASSERT_OK(WaitUntil("payments go on",
                        [&] { return payments_->accepted() >= accepted + kPaymentsBetween; }));
  }
  // Replaces each replica in turn.
  void Update() {
    for (const std::string_view replica : suite_->services()) {
      EXPECT_THAT(suite_->Terminate(replica), IsOkAndHolds(0)) << replica;
      ASSERT_OK(suite_->Restart(replica)) << replica << " does not serve";
      ASSERT_NO_FATAL_FAILURE(WaitForPayments());
    }
  }
  // What a later release may do while this one runs: tests/upgrade/check_migrations.py.
  void MigrateFurther(const std::string& schema) {
    const std::string dsn = suite_->dsn() + " user=lmsmail_migrator";
    pqxx::connection connection(dsn);
    std::vector<std::string> tables;
    for (const pqxx::row& row : pqxx::nontransaction(connection)
                                    .exec(fmt::format("SELECT relname FROM pg_class "
                                                      "WHERE relnamespace = '{}'::regnamespace "
                                                      "AND relkind IN ('r', 'p') "
                                                      "AND NOT relispartition ORDER BY 1",
                                                      schema))) {
      tables.emplace_back(row[0].c_str());
    }
    for (const std::string& table : tables) {
      const std::string name = fmt::format("9999_{}", table);
      const std::string sql = fmt::format(
          "ALTER TABLE {0} ADD COLUMN later_text text,"
          " ADD COLUMN later_number int4 NOT NULL DEFAULT 7;"
          "CREATE TABLE later_{0} (id int8 PRIMARY KEY)",
          table);
      const postgres::SqlFile migration{name, sql};
      ASSERT_OK(postgres::Migrate(dsn, schema, {.migrations = {&migration, 1}},
                                  {.service_role = fmt::format("lmsmail_{}", schema)}));
    }
  }
  // Each payment has its receipt, once.
  void ExpectNothingLostOrDoubled() {
    payments_->Stop();
    const auto expected = static_cast<std::size_t>(payments_->accepted());
    for (int i = 0; i < payments_->accepted(); ++i) {
      ASSERT_OK(WaitUntilDone(*suite_, payments_->EventId(i)));
    }
    ASSERT_OK(WaitUntilQueueIsEmpty(suite_->dispatch()));
    ASSERT_OK_AND_ASSIGN(const auto mails, suite_->inbox().ReadAll());
    std::set<std::string> distinct;
    for (const auto& mail : mails) distinct.insert(mail.header().at("message-id"));
    fmt::print("{} payments, {} calls repeated: {} lost, {} doubles\n", expected,
               payments_->repeated(), expected - distinct.size(), mails.size() - distinct.size());
    EXPECT_EQ(distinct.size(), expected);
    EXPECT_EQ(mails.size(), distinct.size());
  }

  std::unique_ptr<Suite> suite_;
  std::unique_ptr<Payments> payments_;
};

TEST_F(UpgradeTest, WorksOnASchemaThatALaterReleaseHasMigrated) {
  ASSERT_NO_FATAL_FAILURE(Start());
  for (const std::string_view schema : kServices) {
    ASSERT_NO_FATAL_FAILURE(MigrateFurther(std::string(schema)));
  }
  ASSERT_NO_FATAL_FAILURE(WaitForPayments());
  ASSERT_NO_FATAL_FAILURE(Update());
  ExpectNothingLostOrDoubled();
}

TEST_F(UpgradeTest, TheReleaseBeforeWorksBesideThisOne) {
  const char* const old_binaries = std::getenv("LMSMAIL_OLD_BINARIES");
  if (old_binaries == nullptr) GTEST_SKIP() << "tests/upgrade/run builds the release before";
  ASSERT_NO_FATAL_FAILURE(Start());  // this release migrates
  suite_->UseBinaries(old_binaries);
  ASSERT_NO_FATAL_FAILURE(Update());
  suite_->UseBinaries(LMSMAIL_BINARIES);
  ASSERT_NO_FATAL_FAILURE(Update());
  suite_->UseBinaries(old_binaries);
  ASSERT_NO_FATAL_FAILURE(Update());
  ExpectNothingLostOrDoubled();
}

}  // namespace
}  // namespace lmsmail::integration
