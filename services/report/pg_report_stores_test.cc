#include <utility>

#include "embedded/report_migrations.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "services/report/pg_activity_store.h"
#include "services/report/pg_course_store.h"
#include "services/report/pg_weekly_report_store.h"
#include "services/report/report_store_contract.h"

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
      postgres::EmbeddedPostgres::Shared().NewDatabase("report", kReportMigrations).value();
  options.schema = "report";
  return std::make_unique<PgStores>(postgres::Pool::Create(std::move(options)).value());
}

INSTANTIATE_TEST_SUITE_P(Pg, ReportStoreContract, ::testing::Values(NewPgStores));

}  // namespace
}  // namespace lmsmail::report
