#include <algorithm>
#include <atomic>
#include <optional>
#include <thread>
#include <utility>

#include "embedded/lmsmail_report_migrations.h"

#include "libs/postgres/testing/attacks.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "services/report/storage/pg_activity_store.h"
#include "services/report/storage/pg_course_store.h"
#include "services/report/storage/pg_weekly_report_store.h"
#include "services/report/storage/report_store_contract.h"

namespace lmsmail::report {
namespace {

class PgStores final : public Stores {
 public:
  explicit PgStores(std::unique_ptr<postgres::Pool> pool) : pool_(std::move(pool)) {}

  CourseStore& courses() override { return courses_; }
  ActivityStore& activities() override { return activities_; }
  WeeklyReportStore& reports() override { return reports_; }

 private:
  const std::unique_ptr<postgres::Pool> pool_;
  PgCourseStore courses_{*pool_};
  PgActivityStore activities_{*pool_};
  PgWeeklyReportStore reports_{*pool_};
};

std::unique_ptr<Stores> NewPgStores() {
  postgres::PoolOptions options;
  options.dsn =
      postgres::EmbeddedPostgres::Shared().NewDatabase("report", kReportSchema).value().dsn;
  options.schema = "report";
  return std::make_unique<PgStores>(postgres::Pool::Create(std::move(options)).value());
}

TEST(PgReportStoreTest, OwnRoleChangesNothingButRows) {
  const auto database =
      postgres::EmbeddedPostgres::Shared().NewDatabase("report", kReportSchema).value();
  EXPECT_THAT(postgres::AttacksThatSucceed(database.dsn, "report", {"activity"}),
              ::testing::IsEmpty());
}

// What after_restore() of functions/restore.sql leaves to an operator.
TEST(PgWeeklyReportStoreTest, AfterARestoreARunDoesNotGoOnByItself) {
  const auto database =
      postgres::EmbeddedPostgres::Shared().NewDatabase("report", kReportSchema).value();
  ASSERT_OK_AND_ASSIGN(const auto pool,
                       postgres::Pool::Create({.dsn = database.dsn, .schema = "report"}));
  PgWeeklyReportStore reports(*pool);
  const absl::Time now = absl::Now();
  const IsoWeek week = IsoWeek::LastWhole(now, absl::UTCTimeZone());
  ASSERT_OK(reports.RequestRun(week, /*skip_mail=*/false, now, absl::InfiniteFuture()));
  ASSERT_OK(postgres::RunInTransaction(*pool, {.name = "restore"}, [](pqxx::work& tx) {
    tx.exec("SELECT after_restore(now())");
    return absl::OkStatus();
  }));
  EXPECT_THAT(reports.ClaimRun(now, absl::InfiniteFuture()), IsOkAndHolds(std::nullopt));
  // An operator who asks for it gets it.
  ASSERT_OK(reports.RequestRun(week, /*skip_mail=*/false, now, absl::InfiniteFuture()));
  ASSERT_OK_AND_ASSIGN(const auto run, reports.ClaimRun(now, absl::InfiniteFuture()));
  EXPECT_TRUE(run.has_value());
}

TEST(PgActivityStoreTest, ConcurrentCallersRecordEachActivityOnce) {
  const auto stores = NewPgStores();
  std::vector<Activity> activities;
  for (int i = 0; i < 200; ++i) {
    const std::string number = std::to_string(i);
    const absl::Time time = absl::FromUnixSeconds(1'790'000'000 + i);
    activities.push_back(
        {"e" + number, "s" + number, "c" + std::to_string(i % 7), time, Enrolled{}});
    activities.push_back({"l" + number, "s" + number, "c" + std::to_string(i % 7), time,
                          LessonCompleted{"l" + std::to_string(i % 3)}});
  }
  std::atomic<int> recorded = 0;
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 4; ++caller) {
    callers.emplace_back([&, caller] {
      std::vector<Activity> mine = activities;
      std::rotate(mine.begin(), mine.begin() + caller * 100, mine.end());
      const auto count = stores->activities().Record(mine, absl::InfiniteFuture());
      EXPECT_OK(count);
      if (count.ok()) recorded += count->recorded;
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(recorded, 400);
}

INSTANTIATE_TEST_SUITE_P(Pg, ReportStoreContract, ::testing::Values(NewPgStores));

}  // namespace
}  // namespace lmsmail::report
