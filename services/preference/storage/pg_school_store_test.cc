#include "services/preference/storage/pg_school_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "embedded/lmsmail_preference_migrations.h"

#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::preference {
namespace {

constexpr absl::Time kNever = absl::InfiniteFuture();

TEST(PgSchoolStoreTest, KeepsOneSchoolWithItsRevisions) {
  ASSERT_OK_AND_ASSIGN(const auto database, postgres::EmbeddedPostgres::Shared().NewDatabase(
                                                "preference", kPreferenceSchema));
  postgres::PoolOptions options;
  options.dsn = database.dsn;
  options.schema = "preference";
  ASSERT_OK_AND_ASSIGN(const auto pool, postgres::Pool::Create(std::move(options)));
  PgSchoolStore store(*pool);
  EXPECT_THAT(store.Get(kNever).status(), StatusIs(absl::StatusCode::kNotFound));

  school::School school{.display_name = "Exempla",
                        .url = "https://exempla.example",
                        .postal_address = "1 School Lane\nTown",
                        .language_code = "de",
                        .time_zone = "Europe/Berlin",
                        .logo_url = "https://exempla.example/logo.png",
                        .color = "#1a6fb0",
                        .reply_to = "office@exempla.example",
                        .support_address = "help@exempla.example",
                        .reports_after_leaving = false,
                        .update_time = absl::FromUnixSeconds(1'700'000'000)};
  EXPECT_THAT(store.Initialize(school, kNever), IsOkAndHolds(school));
  EXPECT_THAT(store.Initialize({.display_name = "Another"}, kNever), IsOkAndHolds(school));
  EXPECT_THAT(store.Get(kNever), IsOkAndHolds(school));

  school.time_zone = "Pacific/Auckland";
  EXPECT_THAT(store.Update(school, kNever), StatusIs(absl::StatusCode::kAborted));
  school.revision = 2;
  EXPECT_OK(store.Update(school, kNever));
  EXPECT_THAT(store.Update(school, kNever), StatusIs(absl::StatusCode::kAborted));
  EXPECT_THAT(store.Get(kNever), IsOkAndHolds(school));
}

}  // namespace
}  // namespace lmsmail::preference
