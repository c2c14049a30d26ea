#include "services/template/storage/pg_template_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <thread>
#include <vector>

#include "embedded/lmsmail_template_migrations.h"

#include "libs/clock/clock.h"
#include "libs/postgres/testing/attacks.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "services/template/domain/built_in_installer.h"
#include "services/template/domain/built_in_template.h"
#include "services/template/storage/template_store_contract.h"

namespace lmsmail::templates {
namespace {

enum class Role { kService, kOwner };

// A pool on a database of its own.
std::unique_ptr<postgres::Pool> NewPool(Role role = Role::kService) {
  postgres::PoolOptions options;
  auto database = postgres::EmbeddedPostgres::Shared().NewDatabase("template", kTemplateSchema);
  EXPECT_OK(database);
  if (!database.ok()) return nullptr;
  options.dsn = role == Role::kService ? database->dsn : database->owner_dsn;
  options.schema = "template";
  auto pool = postgres::Pool::Create(std::move(options));
  EXPECT_OK(pool);
  return pool.ok() ? *std::move(pool) : nullptr;
}

std::shared_ptr<TemplateStore> NewStore() {
  struct Owner {
    explicit Owner(std::unique_ptr<postgres::Pool> p) : pool(std::move(p)), store(*pool) {}
    std::unique_ptr<postgres::Pool> pool;
    PgTemplateStore store;
  };
  auto pool = NewPool();
  if (pool == nullptr) return nullptr;
  const auto owner = std::make_shared<Owner>(std::move(pool));
  return {owner, &owner->store};
}

INSTANTIATE_TEST_SUITE_P(Postgres, TemplateStoreContract, ::testing::Values(NewStore));

TEST(PgTemplateStoreTest, VersionsAndPublicationsAreInsertOnlyEvenForTheOwner) {
  const auto pool = NewPool(Role::kOwner);
  ASSERT_NE(pool, nullptr);
  for (const char* sql :
       {"UPDATE template_version SET digest = ''", "DELETE FROM template_version",
        "UPDATE publication SET version = 1", "DELETE FROM publication", "TRUNCATE publication"}) {
    EXPECT_THAT(
        postgres::RunInTransaction(*pool, {.name = "test"},
                                   [&](pqxx::work& tx) {
                                     tx.exec(sql);
                                     return absl::OkStatus();
                                   }),
        StatusIs(absl::StatusCode::kFailedPrecondition, ::testing::HasSubstr("insert-only")))
        << sql;
  }
}

TEST(PgTemplateStoreTest, OwnRoleChangesNothingButRows) {
  ASSERT_OK_AND_ASSIGN(const auto database, postgres::EmbeddedPostgres::Shared().NewDatabase(
                                                "template", kTemplateSchema));
  EXPECT_THAT(
      postgres::AttacksThatSucceed(database.dsn, "template", {"template_version", "publication"}),
      ::testing::IsEmpty());
}

TEST(PgTemplateStoreTest, ReplicasInstallBuiltInTemplatesConcurrently) {
  const auto pool = NewPool();
  ASSERT_NE(pool, nullptr);
  PgTemplateStore store(*pool);
  const FakeClock clock(absl::FromUnixSeconds(1'700'000'000));
  ASSERT_OK_AND_ASSIGN(const auto built_in, BuiltInTemplates());
  constexpr int kReplicas = 4;
  std::vector<absl::StatusOr<std::vector<InstallResult>>> results(kReplicas);
  std::vector<std::thread> replicas;
  for (auto& result : results) {
    replicas.emplace_back(
        [&] { result = BuiltInInstaller(store, clock, built_in).Install(absl::InfiniteFuture()); });
  }
  for (std::thread& replica : replicas) replica.join();

  std::ptrdiff_t installed = 0;
  for (const auto& result : results) {
    ASSERT_OK(result);
    installed += std::ranges::count(*result, InstallOutcome::kInstalled, &InstallResult::outcome);
  }
  EXPECT_EQ(installed, static_cast<std::ptrdiff_t>(built_in.size()));
  ASSERT_OK_AND_ASSIGN(const auto all, store.List({.after_id = "", .limit = 100, .category = {}},
                                                  absl::InfiniteFuture()));
  EXPECT_EQ(all.size(), built_in.size());
  for (const Template& state : all) EXPECT_EQ(state.latest_version, 1) << state.id;
}

}  // namespace
}  // namespace lmsmail::templates
