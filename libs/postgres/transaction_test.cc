#include "libs/postgres/transaction.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/clock.h"

#include "libs/postgres/array_literal.h"
#include "libs/postgres/field.h"
#include "libs/postgres/sql_error.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/timestamp.h"
#include "libs/status/error_details.h"
#include "libs/testing/status_matchers.h"

namespace lmsmail::postgres {
namespace {

constexpr SqlFile kMigrations[] = {{"0001_account", R"(
  CREATE TABLE account (id int PRIMARY KEY, balance int NOT NULL CHECK (balance >= 0),
                        owner int REFERENCES account);
  INSERT INTO account VALUES (1, 10), (2, 10);
  CREATE FUNCTION refuse() RETURNS void LANGUAGE plpgsql AS $$
  BEGIN
    RAISE EXCEPTION 'key reused with another body' USING ERRCODE = 'MQ409';
  END $$;)"}};

class TransactionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    PoolOptions options;
    ASSERT_OK_AND_ASSIGN(const auto database,
                         EmbeddedPostgres::Shared().NewDatabase("bank", {kMigrations}));
    options.dsn = database.owner_dsn;
    options.schema = "bank";
    options.lock_timeout = absl::Milliseconds(50);
    options.observer = [this](const TransactionEvent& event) {
      attempts_ = event.attempts;
      code_ = event.code;
    };
    ASSERT_OK_AND_ASSIGN(pool_, Pool::Create(std::move(options)));
  }

  absl::Status Execute(const std::string& sql) {
    return RunInTransaction(*pool_, {"execute"}, [&](pqxx::work& tx) {
      tx.exec(sql);
      return absl::OkStatus();
    });
  }

  absl::StatusOr<int> Balance(int id) {
    return RunInTransaction(*pool_, {"balance"}, [&](pqxx::work& tx) -> absl::StatusOr<int> {
      return tx.exec_params1("SELECT balance FROM account WHERE id = $1", id)[0].as<int>();
    });
  }

  std::unique_ptr<Pool> pool_;
  int attempts_ = 0;
  absl::StatusCode code_ = absl::StatusCode::kUnknown;
};

TEST_F(TransactionTest, CommitsWhenBodySucceeds) {
  ASSERT_OK(Execute("UPDATE account SET balance = 7 WHERE id = 1"));
  EXPECT_THAT(Balance(1), IsOkAndHolds(7));
}

TEST_F(TransactionTest, RollsBackAndReturnsErrorOfBody) {
  EXPECT_THAT(RunInTransaction(*pool_, {"test"},
                               [](pqxx::work& tx) -> absl::StatusOr<int> {
                                 tx.exec("UPDATE account SET balance = 7 WHERE id = 1");
                                 return absl::NotFoundError("nobody");
                               }),
              StatusIs(absl::StatusCode::kNotFound, "nobody"));
  EXPECT_THAT(Balance(1), IsOkAndHolds(10));
}

TEST_F(TransactionTest, ReportsViolatedConstraints) {
  EXPECT_THAT(Execute("INSERT INTO account VALUES (1, 1)"),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_EQ(code_, absl::StatusCode::kAlreadyExists);
  EXPECT_THAT(Execute("UPDATE account SET balance = -1"),
              StatusIs(absl::StatusCode::kInternal, "database error in execute"));
  EXPECT_THAT(Execute("INSERT INTO account VALUES (3, 1, 99)"),
              StatusIs(absl::StatusCode::kFailedPrecondition));
}

TEST_F(TransactionTest, ReturnsSqlStateThatFunctionsRaise) {
  const absl::Status status = Execute("SELECT refuse()");
  EXPECT_THAT(status,
              StatusIs(absl::StatusCode::kFailedPrecondition, "key reused with another body"));
  EXPECT_EQ(SqlStateOf(status), "MQ409");
}

TEST_F(TransactionTest, RunsAgainAfterSerializationFailure) {
  int runs = 0;
  const absl::Status status = RunInTransaction(
      *pool_, {.name = "raise", .isolation = Isolation::kRepeatableRead}, [&](pqxx::work& tx) {
        const int before = tx.exec1("SELECT balance FROM account WHERE id = 1")[0].as<int>();
        if (++runs == 1) {  // Another transaction writes between our read and write.
          EXPECT_OK(Execute("UPDATE account SET balance = 100 WHERE id = 1"));
        }
        tx.exec_params("UPDATE account SET balance = $1 WHERE id = 1", before + 1);
        return absl::OkStatus();
      });
  EXPECT_OK(status);
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(attempts_, 2);
  EXPECT_THAT(Balance(1), IsOkAndHolds(101));
}

TEST_F(TransactionTest, GivesUpAfterFourSerializationFailures) {
  int runs = 0;
  EXPECT_THAT(RunInTransaction(*pool_, {"never"},
                               [&](pqxx::work& tx) {
                                 ++runs;
                                 tx.exec("DO $$ BEGIN RAISE 'no' USING ERRCODE = '40001'; END $$");
                                 return absl::OkStatus();
                               }),
              StatusIs(absl::StatusCode::kAborted));
  EXPECT_EQ(runs, 4);
}

TEST_F(TransactionTest, RunsAgainOnNewConnectionAfterLoss) {
  int runs = 0;
  EXPECT_OK(RunInTransaction(*pool_, {"lost"}, [&](pqxx::work& tx) {
    tx.exec("UPDATE account SET balance = balance + 1 WHERE id = 1");
    if (++runs == 1) {
      EXPECT_OK(EmbeddedPostgres::Shared().TerminateBackends());
    }
    tx.exec("UPDATE account SET balance = balance + 1 WHERE id = 1");
    return absl::OkStatus();
  }));
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(Balance(1), IsOkAndHolds(12));
}

TEST_F(TransactionTest, ConnectionLostDuringCommitIsInDoubtUnlessRepeatable) {
  int runs = 0;
  const auto lose_at_commit = [&](pqxx::work& tx) {
    tx.exec("UPDATE account SET balance = 5 WHERE id = 1");
    if (++runs == 1) {
      EXPECT_OK(EmbeddedPostgres::Shared().TerminateBackends());
    }
    return absl::OkStatus();
  };
  const absl::Status doubt = RunInTransaction(*pool_, {"doubt"}, lose_at_commit);
  EXPECT_THAT(doubt, StatusIs(absl::StatusCode::kUnknown));
  EXPECT_EQ(ReasonOf(doubt).reason, "COMMIT_IN_DOUBT");
  EXPECT_EQ(runs, 1);

  runs = 0;
  EXPECT_OK(RunInTransaction(*pool_, {.name = "doubt", .repeatable = true}, lose_at_commit));
  EXPECT_EQ(runs, 2);
  EXPECT_THAT(Balance(1), IsOkAndHolds(5));
}

TEST_F(TransactionTest, StatementWithoutTransactionCommitsWhenItReturns) {
  EXPECT_THAT(RunStatement(*pool_, {"alone"},
                           [](pqxx::transaction_base& tx) {
                             tx.exec("UPDATE account SET balance = 7 WHERE id = 1");
                             return absl::NotFoundError("too late");
                           }),
              StatusIs(absl::StatusCode::kNotFound));
  EXPECT_THAT(Balance(1), IsOkAndHolds(7));
}

TEST_F(TransactionTest, StatementWithoutTransactionRespectsNearDeadline) {
  EXPECT_THAT(RunStatement(*pool_, {"slow", absl::Now() + absl::Milliseconds(200)},
                           [](pqxx::transaction_base& tx) {
                             tx.exec("SELECT pg_sleep(60)");
                             return absl::OkStatus();
                           }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
}

TEST_F(TransactionTest, StatementWhoseReplyIsLostIsInDoubtUnlessRepeatableOrReading) {
  int runs = 0;
  const auto lose_connection = [&](pqxx::transaction_base& tx) {
    if (++runs == 1) {
      EXPECT_OK(EmbeddedPostgres::Shared().TerminateBackends());
    }
    tx.exec("UPDATE account SET balance = 6 WHERE id = 1");
    return absl::OkStatus();
  };
  const absl::Status doubt = RunStatement(*pool_, {"doubt"}, lose_connection);
  EXPECT_THAT(doubt, StatusIs(absl::StatusCode::kUnknown));
  EXPECT_EQ(ReasonOf(doubt).reason, "COMMIT_IN_DOUBT");
  EXPECT_EQ(runs, 1);

  for (const TransactionOptions& options :
       {TransactionOptions{.repeatable = true}, TransactionOptions{.reads_only = true}}) {
    runs = 0;
    EXPECT_OK(RunStatement(*pool_, options, lose_connection));
    EXPECT_EQ(runs, 2);
  }
}

TEST_F(TransactionTest, ReturnsAbortedWhenAnotherTransactionHoldsTheLock) {
  EXPECT_OK(RunInTransaction(*pool_, {"holder"}, [&](pqxx::work& tx) {
    tx.exec("UPDATE account SET balance = 1 WHERE id = 2");
    EXPECT_THAT(Execute("UPDATE account SET balance = 2 WHERE id = 2"),
                StatusIs(absl::StatusCode::kAborted));
    return absl::OkStatus();
  }));
}

TEST_F(TransactionTest, CancelsStatementAtDeadline) {
  EXPECT_THAT(RunInTransaction(*pool_, {"slow", absl::Now() + absl::Milliseconds(50)},
                               [](pqxx::work& tx) {
                                 tx.exec("SELECT pg_sleep(60)");
                                 return absl::OkStatus();
                               }),
              StatusIs(absl::StatusCode::kDeadlineExceeded));
  EXPECT_OK(Execute("SELECT 1"));  // The connection is still usable.
}

TEST_F(TransactionTest, PreparesStatementAgainAfterMigration) {
  PoolOptions options = pool_->options();
  options.statements = {{"all", "SELECT * FROM account WHERE id = 1"}};
  options.observer = nullptr;
  ASSERT_OK_AND_ASSIGN(const auto pool, Pool::Create(options));
  const auto columns = [&] {
    return RunInTransaction(*pool, {"all"}, [](pqxx::work& tx) -> absl::StatusOr<int> {
      return static_cast<int>(tx.exec_prepared("all").columns());
    });
  };
  EXPECT_THAT(columns(), IsOkAndHolds(3));
  ASSERT_OK(Execute("ALTER TABLE account ADD COLUMN note text"));
  EXPECT_THAT(columns(), IsOkAndHolds(4));
}

TEST_F(TransactionTest, OtherExceptionsAreInternal) {
  EXPECT_THAT(RunInTransaction(*pool_, {"bug"},
                               [](pqxx::work& tx) -> absl::StatusOr<int> {
                                 return tx.exec1("SELECT 'ann@example.org'")[0].as<int>();
                               }),
              StatusIs(absl::StatusCode::kInternal, "database error in bug"));
}

TEST_F(TransactionTest, ArraysKeepHostileText) {
  const std::vector<std::string> hostile = {"",         "NULL",
                                            "\"",       "\\",
                                            "\\\"",     "a,b",
                                            "{c}",      "'; DROP TABLE account; --",
                                            " spaced ", "\n\t",
                                            "ü€😀",     "\\x41",
                                            "$1",       std::string(100'000, '\\')};
  ASSERT_OK_AND_ASSIGN(
      const std::vector<std::string> back,
      RunInTransaction(
          *pool_, {"arrays"}, [&](pqxx::work& tx) -> absl::StatusOr<std::vector<std::string>> {
            return TextArray(tx.exec_params1("SELECT $1::text[]", ToArrayLiteral(hostile))[0]);
          }));
  EXPECT_EQ(back, hostile);
}

TEST_F(TransactionTest, ReadsWrittenArraysAndNulls) {
  const std::vector<std::int64_t> ids = {INT64_MIN, -1, 0, INT64_MAX};
  const absl::Time time = absl::FromUnixMicros(1'732'525'200'123'456);
  EXPECT_OK(RunInTransaction(*pool_, {"arrays"}, [&](pqxx::work& tx) {
    EXPECT_EQ(Int8Array(tx.exec_params1("SELECT $1::int8[]", ToArrayLiteral(ids))[0]), ids);
    const std::vector<double> doubles = {0.1, -1e300, std::numeric_limits<double>::infinity()};
    EXPECT_TRUE(tx.exec_params1("SELECT $1::float8[] = ARRAY[0.1, -1e300, 'infinity']::float8[]",
                                ToArrayLiteral(doubles))[0]
                    .as<bool>());
    const std::vector<std::optional<absl::Time>> times = {time, absl::InfiniteFuture(),
                                                          absl::InfinitePast(), std::nullopt};
    std::vector<std::optional<absl::Time>> times_back;
    for (const pqxx::row& row :
         tx.exec_params("SELECT unnest($1::timestamptz[])", ToArrayLiteral(times))) {
      times_back.push_back(OptionalTime(row[0]));
    }
    EXPECT_EQ(times_back, times);
    const std::vector<std::string> documents = {R"({"quote": "\"", "back": "\\"})", "[1,2]"};
    EXPECT_EQ(
        Text(tx.exec_params1("SELECT ($1::jsonb[])[1]->>'quote'", ToArrayLiteral(documents))[0]),
        "\"");
    const pqxx::row nulls = tx.exec_params1("SELECT $1::text, $2::text, NULL::int",
                                            OrNull(std::nullopt), OrNull("here"));
    EXPECT_EQ(Optional<std::string>(nulls[0]), std::nullopt);
    EXPECT_EQ(Optional<std::string>(nulls[1]), "here");
    EXPECT_EQ(Optional<int>(nulls[2]), std::nullopt);
    return absl::OkStatus();
  }));
}

}  // namespace
}  // namespace lmsmail::postgres
