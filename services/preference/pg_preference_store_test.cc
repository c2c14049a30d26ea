#include "services/preference/pg_preference_store.h"

#include <stdexcept>
#include <utility>

#include "embedded/preference_migrations.h"

#include "libs/postgres/array_literal.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/timestamp.h"
#include "libs/postgres/transaction.h"
#include "services/preference/preference_store_contract.h"

namespace lmsmail::preference {
namespace {

std::shared_ptr<postgres::Pool> NewPool() {
  postgres::PoolOptions options;
  auto dsn = postgres::EmbeddedPostgres::Shared().NewDatabase("preference", kPreferenceMigrations);
  if (!dsn.ok()) throw std::runtime_error(dsn.status().ToString());
  options.dsn = *std::move(dsn);
  options.schema = "preference";
  options.statements = PgPreferenceStore::Statements();
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

TEST(PgPreferenceStoreTest, ConsentEventsCannotBeChanged) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
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

}  // namespace
}  // namespace lmsmail::preference
