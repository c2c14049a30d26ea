#include "services/preference/storage/pg_preference_store.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "embedded/lmsmail_preference_migrations.h"

#include "libs/postgres/array_literal.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/attacks.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "services/preference/storage/preference_store_contract.h"

namespace lmsmail::preference {
namespace {

using Database = postgres::EmbeddedPostgres::Migrated;

Database NewDatabase() {
  auto database = postgres::EmbeddedPostgres::Shared().NewDatabase("preference", kPreferenceSchema);
  if (!database.ok()) throw std::runtime_error(database.status().ToString());
  return *std::move(database);
}

std::shared_ptr<postgres::Pool> NewPool(const std::string& dsn = NewDatabase().dsn) {
  postgres::PoolOptions options;
  options.dsn = dsn;
  options.schema = "preference";
  PgPreferenceStore::Configure(options);
  auto pool = postgres::Pool::Create(std::move(options));
  if (!pool.ok()) throw std::runtime_error(pool.status().ToString());
  return *std::move(pool);
}

void InsertWithoutConsent(postgres::Pool& pool, const Registration& registration) {
  const Recipient& r = registration.recipient;
  EXPECT_OK(postgres::RunInTransaction(pool, {.name = "test"}, [&](pqxx::work& tx) {
    tx.exec_params0("INSERT INTO recipient VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)", r.id,
                    r.email_address, registration.address.canonical,
                    postgres::ToArrayLiteral(registration.address.hashes), r.display_name,
                    r.given_name, r.language_code, r.time_zone,
                    postgres::ToTimestamptz(r.create_time), postgres::ToTimestamptz(r.update_time));
    return absl::OkStatus();
  }));
}

StoreUnderTest MakePg() {
  std::shared_ptr<postgres::Pool> pool = NewPool();
  return {std::make_unique<PgPreferenceStore>(*pool),
          [pool](const Registration& r) { InsertWithoutConsent(*pool, r); }, pool};
}

INSTANTIATE_TEST_SUITE_P(Pg, PreferenceStoreContract, ::testing::Values(MakePg));

TEST(PgPreferenceStoreTest, RejectsChangesOfConsentEventsEvenByTheOwner) {
  const std::shared_ptr<postgres::Pool> pool = NewPool(NewDatabase().owner_dsn);
  PgPreferenceStore store(*pool);
  const Registration ann = {{"a", "a@example.com", "", "", "", "", {}, {}},
                            {"a@example.com", {"hash"}}};
  ASSERT_OK(store.UpsertRecipients({ann}, {}, absl::Now(), absl::InfiniteFuture()));
  for (const char* sql :
       {"DELETE FROM consent_event", "UPDATE consent_event SET category = 3",
        "UPDATE consent_event SET actor = 'somebody else'",
        "UPDATE consent_event SET recipient_id = NULL, subject_hash = 'x', action = 2"}) {
    const absl::Status status =
        postgres::RunInTransaction(*pool, {.name = "test"}, [&](pqxx::work& tx) {
          tx.exec(sql);
          return absl::OkStatus();
        });
    EXPECT_EQ(postgres::SqlStateOf(status), "MP001") << sql << ": " << status;
  }
}

TEST(PgPreferenceStoreTest, OwnRoleChangesNothingButRows) {
  EXPECT_THAT(postgres::AttacksThatSucceed(NewDatabase().dsn, "preference", {"consent_event"}),
              ::testing::IsEmpty());
}

// Erasing a recipient may make her consent events anonymous, and nothing else may.
TEST(PgPreferenceStoreTest, ConsentEventsOfARecipientWhoIsThereStayHers) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgPreferenceStore store(*pool);
  const Registration ann = {{"a", "a@example.com", "", "", "", "", {}, {}},
                            {"a@example.com", {"hash"}}};
  ASSERT_OK(store.UpsertRecipients({ann}, {}, absl::Now(), absl::InfiniteFuture()));
  const absl::Status status =
      postgres::RunInTransaction(*pool, {.name = "test"}, [&](pqxx::work& tx) {
        tx.exec("SELECT anonymise_consent_events('a', 'x')");
        return absl::OkStatus();
      });
  EXPECT_EQ(postgres::SqlStateOf(status), "MP002") << status;
}

// Two imports of the same recipients in opposite orders, concurrent with changes of consent.
TEST(PgPreferenceStoreTest, ConcurrentWritersNeitherDeadlockNorDuplicateEvents) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgPreferenceStore store(*pool);
  std::vector<Registration> people;
  for (int i = 0; i < 200; ++i) {
    const std::string id = "r" + std::to_string(i);
    people.push_back({{id, id + "@example.com", "", "", "", "", {}, {}}, {id, {id}}});
  }
  ASSERT_OK(store.UpsertRecipients({people[0]}, {}, absl::Now(), absl::InfiniteFuture()));
  std::vector<absl::Status> statuses(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < statuses.size(); ++t) {
    threads.emplace_back([&, t, mine = people]() mutable {
      if (t % 2 == 1) std::reverse(mine.begin(), mine.end());
      for (int round = 0; round < 3; ++round) {
        for (Registration& person : mine) person.recipient.given_name = std::to_string(round);
        statuses[t].Update(
            store.UpsertRecipients(mine, {}, absl::Now(), absl::InfiniteFuture()).status());
        statuses[t].Update(store
                               .RecordConsent({"r0", {Category::kDemo}, false, {}, absl::Now()},
                                              absl::InfiniteFuture())
                               .status());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(statuses, ::testing::Each(IsOk()));
  const auto events =
      store.ListConsentEvents({"r0", {}, std::nullopt, 100}, absl::InfiniteFuture());
  EXPECT_THAT(events, IsOkAndHolds(::testing::SizeIs(4 + 1)));
}

TEST(PgPreferenceStoreTest, AppliesDefaultsToMoreThanOneBatch) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgPreferenceStore store(*pool);
  ASSERT_OK(postgres::RunInTransaction(*pool, {.name = "test"}, [&](pqxx::work& tx) {
    tx.exec(
        "INSERT INTO recipient SELECT 'r' || i, 'a', 'a', '{}', '', '', '', '', now(), now() "
        "FROM generate_series(1, 4500) AS i");
    return absl::OkStatus();
  }));
  EXPECT_THAT(store.ApplyDefaults({}, absl::Now(), absl::InfiniteFuture()), IsOkAndHolds(4500));
  EXPECT_THAT(store.ApplyDefaults({}, absl::Now(), absl::InfiniteFuture()), IsOkAndHolds(0));
}

}  // namespace
}  // namespace lmsmail::preference
