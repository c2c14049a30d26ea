#include "libs/postgres/transaction.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/nontransaction>

#include "absl/random/random.h"
#include "absl/time/clock.h"

#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {
namespace {

constexpr int kMaxAttempts = 4;
constexpr absl::Duration kFirstPause = absl::Milliseconds(5);

// What must be set before the transaction's first query; empty, and so free, for most.
std::string Preamble(const Pool& pool, const TransactionOptions& options) {
  std::string sql;
  if (options.isolation == Isolation::kRepeatableRead) {
    sql += "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ;";
  } else if (options.isolation == Isolation::kSerializable) {
    sql += "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE;";
  }
  const absl::Duration left = options.deadline - absl::Now();
  const absl::Duration usual = pool.options().statement_timeout;
  if (left < usual || (usual == absl::ZeroDuration() && left < absl::InfiniteDuration())) {
    sql += fmt::format("SET LOCAL statement_timeout = {};",
                       std::max<std::int64_t>(1, absl::ToInt64Milliseconds(left)));
  }
  return sql;
}

// Checks a session out and lets `body` use its connection. Exceptions become statuses.
absl::Status WithConnection(Pool& pool, const TransactionOptions& options,
                            absl::FunctionRef<absl::Status(pqxx::connection&)> body) {
  if (options.deadline <= absl::Now()) {
    return absl::DeadlineExceededError("no time was left for the database");
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

absl::Status ByItself(Pool& pool, const TransactionOptions& options,
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

// Waits before the attempt after `attempt`, longer each time and by chance, so that two that
// collided do not collide again. False, at once, when `deadline` is too near.
bool Pause(int attempt, absl::Time deadline) {
  absl::BitGen random;
  const absl::Duration longest = kFirstPause * (1 << attempt);
  const absl::Duration pause = longest * absl::Uniform(random, 0.5, 1.0);
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

// Whether the server's statement timeout ends a statement about as soon as the deadline would.
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
    return IsFar(pool, options.deadline) ? ByItself(pool, options, body)
                                         : InTransaction(pool, options, body);
  });
}

}  // namespace lmsmail::postgres
