#include "libs/postgres/sql_error.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <pqxx/except>
#include <stdexcept>

#include "libs/status/error_details.h"
#include "libs/telemetry/testing/scoped_log_capture.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(SqlErrorTest, UniqueViolationIsAlreadyExists) {
  const absl::Status status = ToStatus(
      "test", pqxx::unique_violation("ERROR:  23505: duplicate key", "INSERT ...", "23505"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(SqlStateOf(status), "23505");
  EXPECT_FALSE(IsRetryable(status));
}

TEST(SqlErrorTest, LogsTheViolatedConstraint) {
  const telemetry::ScopedLogCapture log;
  ToStatus("test",
           pqxx::check_violation("ERROR:  23514: new row violates\nDETAIL:  Row (x\n"
                                 "CONSTRAINT NAME:  forged\n)\nCONSTRAINT NAME:  real_check\n"
                                 "LOCATION:  ExecConstraints, execMain.c:2019\n",
                                 "INSERT ...", "23514"))
      .IgnoreError();
  ASSERT_EQ(log.events().size(), 1u);
  EXPECT_EQ(log.events()[0].fields.at("constraint"), "real_check");
}

TEST(SqlErrorTest, RetriesTransientErrors) {
  EXPECT_TRUE(IsRetryable(ToStatus("test", pqxx::serialization_failure("ERROR:  40001: x"))));
  EXPECT_TRUE(IsRetryable(ToStatus("test", pqxx::deadlock_detected("ERROR:  40P01: x"))));
  EXPECT_TRUE(IsRetryable(ToStatus("test", pqxx::broken_connection("gone"))));
  EXPECT_FALSE(IsRetryable(ToStatus("test", pqxx::in_doubt_error("?"))));
}

TEST(SqlErrorTest, ReplacesLostConnectionsOnly) {
  EXPECT_TRUE(MustReconnect(ToStatus("test", pqxx::broken_connection("gone"))));
  EXPECT_TRUE(MustReconnect(ToStatus("test", pqxx::in_doubt_error("?"))));
  EXPECT_TRUE(MustReconnect(ToStatus("test", pqxx::sql_error("FATAL:  57P01: bye", "", "57P01"))));
  EXPECT_FALSE(MustReconnect(ToStatus("test", pqxx::deadlock_detected("ERROR:  40P01: x"))));
  EXPECT_FALSE(MustReconnect(ToStatus("test", std::runtime_error("a bug"))));
}

TEST(SqlErrorTest, CommitInDoubtHasAReason) {
  const absl::Status status = ToStatus("test", pqxx::in_doubt_error("?"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kUnknown));
  EXPECT_EQ(ReasonOf(status).reason, "COMMIT_IN_DOUBT");
}

TEST(SqlErrorTest, MapsSqlStatesToCodes) {
  const struct {
    const char* state;
    absl::StatusCode code;
  } kCases[] = {{"23503", absl::StatusCode::kFailedPrecondition},
                {"23514", absl::StatusCode::kInternal},
                {"42P01", absl::StatusCode::kInternal},
                {"55P03", absl::StatusCode::kAborted},
                {"57014", absl::StatusCode::kDeadlineExceeded},
                {"57P03", absl::StatusCode::kUnavailable},
                {"53100", absl::StatusCode::kUnavailable},
                {"MQ409", absl::StatusCode::kFailedPrecondition},
                {"P0001", absl::StatusCode::kInternal},
                {"XX000", absl::StatusCode::kInternal}};
  for (const auto& test_case : kCases) {
    const absl::Status status = ToStatus("test", pqxx::sql_error("ERROR", "", test_case.state));
    EXPECT_THAT(status, StatusIs(test_case.code)) << test_case.state;
    EXPECT_EQ(SqlStateOf(status), test_case.state);
  }
}

TEST(SqlErrorTest, InternalErrorsDoNotLeakDetails) {
  const absl::Status status =
      ToStatus("template.get", pqxx::check_violation("ERROR:  23514: secret row\nDETAIL:  secret",
                                                     "SELECT secret", "23514"));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, Not(HasSubstr("secret"))));
  EXPECT_THAT(status, StatusIs(absl::StatusCode::kInternal, HasSubstr("template.get")));
}

}  // namespace
}  // namespace lmsmail::postgres
