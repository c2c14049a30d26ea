#include "services/dispatch/storage/pg_store_under_test.h"

#include <fmt/format.h>

#include <stdexcept>

#include "embedded/lmsmail_dispatch_migrations.h"

#include "libs/postgres/field.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"

namespace lmsmail::dispatch {
namespace {

// Every time that is stored, but for ids, which hold a day.
constexpr std::pair<const char*, const char*> kTimes[] = {
    {"message", "due_at expire_at created_at"},
    {"scheduled", "due_at expire_at created_at"},
    {"queue", "due_at"},
    {"claim", "claimed_at lease_until renew_by missed_at"},
    {"result", "at retry_at"},
    {"event", "at"},
    {"batch", "created_at due_at cancelled_at"},
    {"request", "created_at"},
    {"dedupe", "created_at"},
    {"cancellation", "at"},
    {"retry", "at due_at"},
    {"tally", "at"},
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

// A gtest fixture cannot fail in its constructor but by throwing.
template <typename T>
T OrThrow(absl::StatusOr<T> value) {
  if (!value.ok()) throw std::runtime_error(value.status().ToString());
  return *std::move(value);
}

std::unique_ptr<postgres::Pool> MakePool(const std::string& dsn) {
  postgres::PoolOptions options;
  options.dsn = dsn;
  options.schema = "dispatch";
  options.application_name = "dispatch_test";
  options.size = 6;
  PgQueueStore::Configure(options);
  return OrThrow(postgres::Pool::Create(std::move(options)));
}

}  // namespace

PgStoreUnderTest::PgStoreUnderTest()
    : dsn_(OrThrow(postgres::EmbeddedPostgres::Shared().NewDatabase("dispatch", kDispatchSchema))) {
  Reconnect();
}

void PgStoreUnderTest::Reconnect() {
  pool_ = MakePool(dsn_);
  queue_.emplace(*pool_);
  log_.emplace(*pool_);
}

absl::Time PgStoreUnderTest::Now() {
  return OrThrow(postgres::RunInTransaction(
      *pool_, {.name = "test.now"}, [](pqxx::work& tx) -> absl::StatusOr<absl::Time> {
        return postgres::Time(tx.exec1("SELECT clock_timestamp()")[0]);
      }));
}

void PgStoreUnderTest::Advance(absl::Duration by) {
  const absl::Status status = postgres::RunInTransaction(*pool_, {.name = "test.advance"},
                                                         [&](pqxx::work& tx) -> absl::Status {
                                                           tx.exec(MoveBack(by));
                                                           return absl::OkStatus();
                                                         });
  if (!status.ok()) throw std::runtime_error(status.ToString());
  queue_.emplace(*pool_);  // what it remembers of the queue's front is of the time before
}

std::string PgStoreUnderTest::Query(const std::string& sql) {
  return OrThrow(postgres::RunInTransaction(*pool_, {.name = "test.query"},
                                            [&](pqxx::work& tx) -> absl::StatusOr<std::string> {
                                              return postgres::Text(tx.exec1(sql)[0]);
                                            }));
}

}  // namespace lmsmail::dispatch
