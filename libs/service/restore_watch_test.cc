#include "libs/service/restore_watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <pqxx/connection>
#include <pqxx/nontransaction>
#include <string>
#include <utility>

#include "embedded/service_demo_schema.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/status/status_macros.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::service {
namespace {

using ::testing::HasSubstr;

// A process of the service, with a connection to the database.
class Process {
 public:
  explicit Process(std::string dsn, bool pause_after_failover = false)
      : dsn_(std::move(dsn)),
        watch_(
            {.pause_after_failover = pause_after_failover, .must_end = [this] { ended_ = true; }},
            metrics_) {}

  absl::Status Beat() {
    LMSMAIL_ASSIGN_OR_RETURN(const auto pool, NewPool());
    return watch_.Beat(*pool);
  }
  // Whether a new connection can be used.
  absl::Status Connect() {
    LMSMAIL_ASSIGN_OR_RETURN(const auto pool, NewPool());
    return pool->Checkout(absl::InfiniteFuture()).status();
  }
  bool ended() const { return ended_; }
  absl::Status error() const { return watch_.error(); }
  std::string metrics() const { return metrics_.Serialize(); }

 private:
  absl::StatusOr<std::unique_ptr<postgres::Pool>> NewPool() {
    return postgres::Pool::Create(
        {.dsn = dsn_, .schema = "demo", .connected = [this](postgres::Session& session) {
           return watch_.Connected(session);
         }});
  }

  const std::string dsn_;
  telemetry::Metrics metrics_{{.service = "demo", .version = "1"}};
  bool ended_ = false;
  RestoreWatch watch_;
};

class RestoreWatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_OK_AND_ASSIGN(
        database_, postgres::EmbeddedPostgres::Shared().NewDatabase("demo", kServiceDemoSchema));
    Run("CREATE TABLE stopped (restored_to timestamptz);"
        "CREATE FUNCTION after_restore(p timestamptz) RETURNS void LANGUAGE sql"
        "  SET search_path FROM CURRENT AS 'INSERT INTO stopped VALUES (p)';"
        "GRANT INSERT ON stopped TO lmsmail_demo");
  }
  // As the owner of the schema.
  std::string Run(const std::string& sql) const {
    pqxx::connection connection(database_.owner_dsn);
    pqxx::nontransaction tx(connection);
    tx.exec("SET search_path = demo");
    const pqxx::result rows = tx.exec(sql);
    return rows.empty() || rows.columns() == 0 ? "" : rows[0][0].c_str();
  }
  // How often the service stopped what would be done again.
  int Restores() { return std::stoi(Run("SELECT count(*) FROM stopped")); }
  // Replaces the database by an earlier state of it.
  void GoBack(const std::string& interval) {
    Run("UPDATE database_mark SET mark_time = mark_time - interval '" + interval + "'");
  }
  void OtherTimeline() { Run("UPDATE database_mark SET server = 'cluster/00000001'"); }
  const std::string& dsn() const { return database_.dsn; }

  postgres::EmbeddedPostgres::Migrated database_;
};

TEST_F(RestoreWatchTest, BeatsMoveTheMark) {
  Process process(dsn());
  ASSERT_OK(process.Beat());
  const std::string before = Run("SELECT mark_time FROM database_mark");
  ASSERT_OK(process.Beat());
  EXPECT_OK(process.Connect());
  EXPECT_EQ(Run("SELECT mark_time > '" + before + "' FROM database_mark"), "t");
  EXPECT_EQ(Restores(), 0);
  EXPECT_FALSE(process.ended());
  EXPECT_THAT(process.metrics(), HasSubstr("lmsmail_database_restore_timestamp_seconds 0\n"));
}

TEST_F(RestoreWatchTest, AnEarlierStateEndsEveryProcessThatKnewTheLaterOne) {
  Process first(dsn());
  Process second(dsn());
  ASSERT_OK(first.Beat());
  ASSERT_OK(second.Beat());
  GoBack("10 minutes");
  EXPECT_THAT(first.Connect(), StatusIs(absl::StatusCode::kUnavailable, HasSubstr("was restored")));
  EXPECT_TRUE(first.ended());
  EXPECT_THAT(first.error(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_THAT(second.Beat(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(second.ended());
  EXPECT_EQ(Restores(), 1);

  Process next(dsn());
  EXPECT_OK(next.Beat());
  EXPECT_FALSE(next.ended());
  EXPECT_THAT(next.metrics(), HasSubstr("lmsmail_database_restore_timestamp_seconds 1"));
  EXPECT_EQ(Restores(), 1);
}

TEST_F(RestoreWatchTest, AProcessThatKnowsNothingTakesAnotherTimelineForARestoreOnce) {
  ASSERT_OK(Process(dsn()).Beat());
  OtherTimeline();
  Process process(dsn());
  EXPECT_OK(process.Connect());
  EXPECT_EQ(Restores(), 1);
  EXPECT_OK(process.Beat());
  EXPECT_OK(Process(dsn()).Beat());
  EXPECT_FALSE(process.ended()) << "it has seen no earlier state";
  EXPECT_EQ(Restores(), 1);
}

TEST_F(RestoreWatchTest, AFailoverThatLostNothingIsNoRestore) {
  Process process(dsn());
  ASSERT_OK(process.Beat());
  OtherTimeline();
  EXPECT_OK(process.Connect());
  EXPECT_OK(process.Beat());
  EXPECT_OK(Process(dsn()).Beat()) << "a process that starts afterwards";
  EXPECT_EQ(Restores(), 0);
}

TEST_F(RestoreWatchTest, AFailoverIsARestoreWhereStandbysMayLackCommits) {
  Process process(dsn(), /*pause_after_failover=*/true);
  ASSERT_OK(process.Beat());
  OtherTimeline();
  EXPECT_THAT(process.Connect(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_TRUE(process.ended());
  EXPECT_EQ(Restores(), 1);
}

TEST_F(RestoreWatchTest, AProcessThatSawAnEarlierStateCannotVouchForALaterOne) {
  Process cut_off(dsn());
  ASSERT_OK(cut_off.Beat());
  Run("UPDATE database_mark SET mark_time = mark_time + interval '20 minutes'");
  OtherTimeline();
  EXPECT_THAT(cut_off.Connect(), StatusIs(absl::StatusCode::kUnavailable));
  EXPECT_EQ(Restores(), 1);
}

TEST_F(RestoreWatchTest, WithoutASchemaThereIsNothingToCompare) {
  ASSERT_OK_AND_ASSIGN(const std::string empty, postgres::EmbeddedPostgres::Shared().NewDatabase());
  EXPECT_OK(Process(empty).Connect());
}

}  // namespace
}  // namespace lmsmail::service
