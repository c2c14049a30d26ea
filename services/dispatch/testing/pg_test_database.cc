#include "services/dispatch/testing/pg_test_database.h"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "embedded/lmsmail_dispatch_migrations.h"

#include "libs/postgres/field.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "services/dispatch/storage/pg_queue_store.h"

namespace lmsmail::dispatch {
namespace {

// The columns that hold a time.
constexpr std::pair<const char*, const char*> kTimes[] = {
    {"message", "due_time expire_time create_time content_drop_time"},
    {"scheduled", "due_time expire_time create_time"},
    {"queue", "due_time"},
    {"claim", "claim_time lease_expire_time renew_by_time overdue_time"},
    {"result", "record_time retry_time"},
    {"event", "event_time"},
    {"batch", "create_time due_time cancel_time content_drop_time"},
    {"content_left", "check_time"},
    {"cancellation", "create_time"},
    {"retry", "create_time due_time"},
    {"counter", "count_time"},
    {"rate_limit",
     "next_permit_time urgent_waitlist_end_time ordinary_waitlist_end_time throttle_time"},
    {"connection_share", "join_time renew_time lease_expire_time"},
};

std::string MoveBack(absl::Duration by) {
  std::string sql;
  for (const auto& [table, columns] : kTimes) {
    std::string set;
    std::string_view rest = columns;
    while (!rest.empty()) {
      const std::string_view column = rest.substr(0, rest.find(' '));
      rest.remove_prefix(std::min(rest.size(), column.size() + 1));
      set += fmt::format("{}{} = {} - interval '{} microseconds'", set.empty() ? "" : ", ", column,
                         column, absl::ToInt64Microseconds(by));
    }
    sql += fmt::format("UPDATE {} SET {};", table, set);
  }
  return sql;
}

// The schema as main.cc leaves it after its first maintenance. Databases are copies of one that is
// made once, so the partitions are made once too.
postgres::SchemaDefinition SchemaWithPartitions() {
  static const std::vector<postgres::SqlFile> functions = [] {
    std::vector<postgres::SqlFile> files(kDispatchSchema.functions.begin(),
                                         kDispatchSchema.functions.end());
    files.push_back({"zz_partitions",
                     "SELECT ensure_upcoming_partitions();"
                     "CREATE OR REPLACE FUNCTION last_day_to_drop() RETURNS int8 LANGUAGE sql AS "
                     "$$ SELECT 100000::int8 $$"});
    return files;
  }();
  return {.migrations = kDispatchSchema.migrations, .functions = functions};
}

// A gtest fixture can only fail in its constructor by throwing.
template <typename T>
T OrThrow(absl::StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return *std::move(value);
}

}  // namespace

PgTestDatabase::PgTestDatabase()
    : database_(OrThrow(
          postgres::EmbeddedPostgres::Shared().NewDatabase("dispatch", SchemaWithPartitions()))) {
  postgres::PoolOptions options;
  options.dsn = database_.owner_dsn;
  options.schema = "dispatch";
  owner_ = OrThrow(postgres::Pool::Create(std::move(options)));
  Reconnect();
}

void PgTestDatabase::Reconnect() {
  const std::string now = pool_ == nullptr ? "-infinity" : Query("SELECT clock_timestamp()");
  postgres::PoolOptions options;
  options.dsn = database_.dsn;
  options.schema = "dispatch";
  options.application_name = "dispatch_test";
  options.size = 6;
  PgQueueStore::Configure(options);
  pool_ = OrThrow(postgres::Pool::Create(std::move(options)));
  // A session ends some time after its connection is closed.
  const std::string old_sessions = fmt::format(
      "SELECT count(*) FROM pg_stat_activity "
      "WHERE datname = current_database() AND backend_start <= '{}'",
      now);
  while (Query(old_sessions) != "0") continue;
}

std::string PgTestDatabase::Query(const std::string& sql) {
  return OrThrow(postgres::RunInTransaction(*pool_, {.name = "test.query"},
                                            [&](pqxx::work& tx) -> absl::StatusOr<std::string> {
                                              return postgres::Text(tx.exec1(sql)[0]);
                                            }));
}

void PgTestDatabase::Execute(const std::string& sql) {
  const absl::Status status = postgres::RunInTransaction(*owner_, {.name = "test.execute"},
                                                         [&](pqxx::work& tx) -> absl::Status {
                                                           tx.exec(sql);
                                                           return absl::OkStatus();
                                                         });
  if (!status.ok()) throw std::runtime_error(status.ToString());
}

absl::Time PgTestDatabase::Now() {
  return OrThrow(postgres::RunInTransaction(
      *pool_, {.name = "test.now"}, [](pqxx::work& tx) -> absl::StatusOr<absl::Time> {
        return postgres::Time(tx.exec1("SELECT clock_timestamp()")[0]);
      }));
}

void PgTestDatabase::Advance(absl::Duration by) { Execute(MoveBack(by)); }

}  // namespace lmsmail::dispatch
