#include "libs/postgres/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/nontransaction>

#include "absl/random/random.h"
#include "absl/time/clock.h"

#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/retry/backoff.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {
namespace {

constexpr int kMaxAttempts = 4;
constexpr retry::BackoffPolicy kBackoff = {absl::Milliseconds(8), absl::Milliseconds(32)};

// What must be set before the transaction's first query. Empty for most transactions, which saves a
// round trip.
std::string Preamble(const Pool& pool, const TransactionOptions& options) {
  std::string sql;
  if (options.isolation == Isolation::kRepeatableRead) {
    sql += "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;";
  }
  const absl::Duration left = options.deadline - absl::Now();
  const absl::Duration timeout = pool.options().statement_timeout;
  if (left < timeout || (timeout == absl::ZeroDuration() && left < absl::InfiniteDuration())) {
    sql += fmt::format("SET LOCAL statement_timeout = {};",
                       std::max<std::int64_t>(1, absl::ToInt64Milliseconds(left)));
  }
  return sql;
}

// Runs `body` with the connection of a session that it checks out. Exceptions become statuses.
absl::Status WithConnection(Pool& pool, const TransactionOptions& options,
                            absl::FunctionRef<absl::Status(pqxx::connection&)> body) {
  if (options.deadline <= absl::Now()) {
    return absl::DeadlineExceededError("the deadline passed before the database was asked");
  }
  LMSMAIL_ASSIGN_OR_RETURN(Pool::Lease lease, pool.Checkout(options.deadline));
  try {
    return body(lease->connection());
  } catch (const std::exception& error) {
    absl::Status status = ToStatus(options.name, error);
    if (MustReconnect(status)) lease.Discard();
    return status;
  }
}

absl::Status InTransaction(Pool& pool, const TransactionOptions& options,
                           absl::FunctionRef<absl::Status(pqxx::work&)> body) {
  return WithConnection(pool, options, [&](pqxx::connection& connection) {
    pqxx::work tx(connection);
    if (const std::string sql = Preamble(pool, options); !sql.empty()) tx.exec(sql);
    absl::Status status = body(tx);
    if (status.ok()) tx.commit();
    return status;
  });
}

absl::Status WithoutTransaction(Pool& pool, const TransactionOptions& options,
                                absl::FunctionRef<absl::Status(pqxx::transaction_base&)> body) {
  bool began = false;
  absl::Status status = WithConnection(pool, options, [&](pqxx::connection& connection) {
    pqxx::nontransaction tx(connection);
    began = true;
    return body(tx);
  });
  if (began && !options.reads_only && IsConnectionLoss(status)) return CommitInDoubt(options.name);
  return status;
}

bool MayRunAgain(const absl::Status& status, const TransactionOptions& options) {
  return IsRetryable(status) || (options.repeatable && ReasonOf(status).reason == kCommitInDoubt);
}

// Waits before the attempt after `attempt`: longer each time, with jitter, so that two transactions
// that collided do not collide again. Returns false at once when `deadline` is too near.
bool Pause(int attempt, absl::Time deadline) {
  const absl::Duration pause = retry::BackoffWithJitter(kBackoff, attempt, absl::BitGen()());
  if (absl::Now() + pause >= deadline) return false;
  absl::SleepFor(pause);
  return true;
}

absl::Status Repeatedly(Pool& pool, const TransactionOptions& options,
                        absl::FunctionRef<absl::Status()> once) {
  const absl::Time start = absl::Now();
  int attempt = 1;
  absl::Status status = once();
  while (attempt < kMaxAttempts && MayRunAgain(status, options) &&
         Pause(attempt, options.deadline)) {
    ++attempt;
    status = once();
  }
  if (const auto& observer = pool.options().observer) {
    observer({options.name, status.code(), absl::Now() - start, attempt});
  }
  return status;
}

// Whether the server's statement timeout is enough to respect `deadline`.
bool IsFar(const Pool& pool, absl::Time deadline) {
  const absl::Duration left = deadline - absl::Now();
  const absl::Duration timeout = pool.options().statement_timeout;
  return timeout == absl::ZeroDuration() ? left == absl::InfiniteDuration() : left >= timeout / 2;
}

}  // namespace

absl::Status RunStatusInTransaction(Pool& pool, const TransactionOptions& options,
                                    absl::FunctionRef<absl::Status(pqxx::work&)> body) {
  return Repeatedly(pool, options, [&] { return InTransaction(pool, options, body); });
}

absl::Status RunStatusOfStatement(Pool& pool, const TransactionOptions& options,
                                  absl::FunctionRef<absl::Status(pqxx::transaction_base&)> body) {
  return Repeatedly(pool, options, [&] {
    return IsFar(pool, options.deadline) ? WithoutTransaction(pool, options, body)
                                         : InTransaction(pool, options, body);
  });
}

}  // namespace lmsmail::postgres
