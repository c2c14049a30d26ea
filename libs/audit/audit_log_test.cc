#include "libs/audit/audit_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "absl/time/clock.h"
#include "embedded/lmsmail_audit_schema.h"

#include "libs/audit/in_memory_audit_log.h"
#include "libs/audit/pg_audit_log.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::audit {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;

// What both stores are.
struct Log {
  AuditLog& log;
  AuditReader& reader;
};

class InMemory {
 public:
  Log log() { return {log_, log_}; }

 private:
  const SystemClock clock_;
  InMemoryAuditLog log_{clock_};
};

class Pg {
 public:
  Pg() {
    const auto dsn = postgres::EmbeddedPostgres::Shared().NewDatabase("audit", kAuditSchema);
    EXPECT_OK(dsn);
    owner_dsn_ = dsn.value_or(postgres::EmbeddedPostgres::Migrated()).owner_dsn;
    postgres::PoolOptions options;
    options.dsn = dsn.value_or(postgres::EmbeddedPostgres::Migrated()).dsn;
    options.schema = "audit";
    auto pool = postgres::Pool::Create(options);
    EXPECT_OK(pool);
    pool_ = *std::move(pool);
    log_ = std::make_unique<PgAuditLog>(*pool_);
  }
  Log log() { return {*log_, *log_}; }
  PgAuditLog& pg() { return *log_; }
  // As the owner: moves all entries into the past.
  void MakeOld() {
    postgres::PoolOptions options;
    options.dsn = owner_dsn_;
    options.schema = "audit";
    auto pool = postgres::Pool::Create(options);
    ASSERT_OK(pool);
    ASSERT_OK(postgres::RunInTransaction(**pool, {.name = "test"}, [](pqxx::work& tx) {
      tx.exec("UPDATE audit_event SET begin_time = begin_time - interval '800 days'");
      return absl::OkStatus();
    }));
  }

 private:
  std::string owner_dsn_;
  std::unique_ptr<postgres::Pool> pool_;
  std::unique_ptr<PgAuditLog> log_;
};

template <typename Store>
class AuditLogTest : public ::testing::Test {
 protected:
  std::int64_t Begin(const std::string& caller, const std::string& method,
                     const std::string& resource = "schedules/a") {
    const auto id = store_.log().log.Begin(
        {.caller = caller, .method = method, .resource = resource, .request_id = "r"},
        absl::InfiniteFuture());
    EXPECT_OK(id);
    return id.value_or(0);
  }
  std::vector<Entry> List(const Filter& filter, std::optional<std::int64_t> before = std::nullopt,
                          int limit = 100) {
    const auto entries = store_.log().reader.List(filter, before, limit, absl::InfiniteFuture());
    EXPECT_OK(entries);
    return entries.value_or(std::vector<Entry>());
  }

  Store store_;
};

using Stores = ::testing::Types<InMemory, Pg>;
TYPED_TEST_SUITE(AuditLogTest, Stores);

TYPED_TEST(AuditLogTest, HasACallBeforeItEnds) {
  const absl::Time start = absl::Now();
  this->Begin("editor", "S/Pause", "lane: LANE_BULK");
  const auto entries = this->List({});
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].call, (Call{.caller = "editor",
                                   .method = "S/Pause",
                                   .resource = "lane: LANE_BULK",
                                   .request_id = "r"}));
  EXPECT_FALSE(entries[0].end);
  EXPECT_LT(absl::AbsDuration(entries[0].begin_time - start), absl::Minutes(1));
}

TYPED_TEST(AuditLogTest, HasTheFirstEndOfACall) {
  const std::int64_t id = this->Begin("editor", "S/Pause");
  this->store_.log().log.End(id, absl::StatusCode::kNotFound);
  this->store_.log().log.End(id, absl::StatusCode::kOk);
  const auto entries = this->List({});
  ASSERT_EQ(entries.size(), 1u);
  ASSERT_TRUE(entries[0].end);
  EXPECT_EQ(entries[0].end->code, absl::StatusCode::kNotFound);
  EXPECT_GE(entries[0].end->time, entries[0].begin_time);
}

TYPED_TEST(AuditLogTest, ListsTheNewestFirstInPages) {
  const std::int64_t first = this->Begin("a", "S/X");
  const std::int64_t second = this->Begin("a", "S/X");
  const std::int64_t third = this->Begin("a", "S/X");
  EXPECT_THAT(this->List({}, std::nullopt, 2),
              ElementsAre(Field(&Entry::id, third), Field(&Entry::id, second)));
  EXPECT_THAT(this->List({}, second, 2), ElementsAre(Field(&Entry::id, first)));
}

TYPED_TEST(AuditLogTest, ListsWhatTheFilterAsksFor) {
  const std::int64_t a = this->Begin("a", "S/X", "schedules/1");
  const std::int64_t b = this->Begin("b", "S/Y", "schedules/2");
  EXPECT_THAT(this->List({.caller = "a"}), ElementsAre(Field(&Entry::id, a)));
  EXPECT_THAT(this->List({.method = "S/Y"}), ElementsAre(Field(&Entry::id, b)));
  EXPECT_THAT(this->List({.resource = "schedules/1"}), ElementsAre(Field(&Entry::id, a)));
  EXPECT_THAT(this->List({.caller = "a", .method = "S/Y"}), IsEmpty());
  EXPECT_THAT(this->List({.start = absl::Now() + absl::Hours(1)}), IsEmpty());
  EXPECT_THAT(this->List({.end = absl::Now() - absl::Hours(1)}), IsEmpty());
}

TEST(AuditRetentionTest, DeletesOldEntriesOnly) {
  Pg store;
  const auto record = [&](const std::string& caller) {
    const auto id = store.log().log.Begin(
        {.caller = caller, .method = "m", .resource = "recipients/amira", .request_id = "r"},
        absl::InfiniteFuture());
    ASSERT_OK(id);
    store.log().log.End(*id, absl::StatusCode::kOk);
  };
  record("old");
  record("old");
  store.MakeOld();
  record("new");
  const absl::Time before = absl::Now() - absl::Hours(24 * 730);
  EXPECT_THAT(store.pg().DeleteBefore(before, 1, absl::InfiniteFuture()), IsOkAndHolds(1));
  EXPECT_THAT(store.pg().DeleteBefore(before, 10, absl::InfiniteFuture()), IsOkAndHolds(1));
  EXPECT_THAT(store.pg().DeleteBefore(before, 10, absl::InfiniteFuture()), IsOkAndHolds(0));
  EXPECT_FALSE(
      store.pg().DeleteBefore(absl::Now() - absl::Hours(24), 10, absl::InfiniteFuture()).ok())
      << "what is recent is evidence";
  const auto left = store.log().reader.List({}, std::nullopt, 10, absl::InfiniteFuture());
  ASSERT_OK(left);
  ASSERT_EQ(left->size(), 1u);
  EXPECT_EQ(left->front().call.caller, "new");
}

}  // namespace
}  // namespace lmsmail::audit
