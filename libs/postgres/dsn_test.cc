#include "libs/postgres/dsn.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(DsnTest, FindsPasswordsInBothForms) {
  EXPECT_TRUE(HoldsPassword("postgresql://lms:hunter2@db/lms"));
  EXPECT_TRUE(HoldsPassword("host=db password=hunter2"));
  EXPECT_TRUE(HoldsPassword("host=db sslkey=/k sslpassword=hunter2"));
  EXPECT_FALSE(HoldsPassword("host=db user=lms passfile=/run/secrets/pgpass"));
  EXPECT_FALSE(HoldsPassword("nonsense"));
}

TEST(DsnTest, KnowsTheRole) {
  EXPECT_THAT(RoleOf("postgresql://lms@db/lms"), IsOkAndHolds("lms"));
  EXPECT_THAT(RoleOf("host=db user='a b'"), IsOkAndHolds("a b"));
  setenv("PGUSER", "from_environment", 1);
  EXPECT_THAT(RoleOf("host=db"), IsOkAndHolds("from_environment"));
  unsetenv("PGUSER");
  EXPECT_THAT(RoleOf("nonsense"), StatusIs(absl::StatusCode::kInvalidArgument));
}

TEST(DsnTest, ServersOnThisMachineNeedNoTls) {
  for (const char* dsn :
       {"dbname=lms", "host=/run/postgresql dbname=lms", "host=@abstract", "host=localhost",
        "host=127.0.0.1 sslmode=disable", "host=[::1]", "hostaddr=127.0.0.1 host=db.example",
        "host=,localhost", "postgresql:///lms", "postgresql://%2Frun%2Fpostgresql/lms"}) {
    EXPECT_OK(CheckServerIsVerified(dsn)) << dsn;
  }
}

TEST(DsnTest, RemoteServersMustProveWhoTheyAre) {
  for (const char* dsn :
       {"host=db.example", "host=db.example sslmode=require", "host=db.example sslmode=verify-ca",
        "postgresql://lms@db.example/lms?sslmode=prefer", "host=localhost,db.example",
        "host=/run/postgresql,db.example", "hostaddr=192.0.2.1 host=localhost",
        "hostaddr=127.0.0.1,192.0.2.1", "hostaddr=127.0.0.1, host=localhost,db.example",
        "service=school"}) {
    EXPECT_THAT(CheckServerIsVerified(dsn),
                StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("sslmode=verify-full")))
        << dsn;
  }
  EXPECT_OK(CheckServerIsVerified("host=db.example sslmode=verify-full"));
  EXPECT_OK(CheckServerIsVerified("postgresql://db.example/lms?sslmode=verify-full"));
  EXPECT_THAT(CheckServerIsVerified("host=db.example sslmode=require"),
              StatusIs(absl::StatusCode::kInvalidArgument,
                       AllOf(HasSubstr("db.example"), HasSubstr("sslmode=require"))));
}

TEST(DsnTest, VariablesOfLibpqCount) {
  setenv("PGHOST", "db.example", 1);
  EXPECT_THAT(CheckServerIsVerified("dbname=lms"),
              StatusIs(absl::StatusCode::kInvalidArgument, HasSubstr("db.example")));
  setenv("PGSSLMODE", "verify-full", 1);
  EXPECT_OK(CheckServerIsVerified("dbname=lms"));
  unsetenv("PGHOST");
  unsetenv("PGSSLMODE");
}

}  // namespace
}  // namespace lmsmail::postgres
