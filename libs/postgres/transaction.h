#pragma once

#include <pqxx/transaction>
#include <pqxx/transaction_base>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

enum class Isolation { kReadCommitted, kRepeatableRead };

struct TransactionOptions {
  std::string_view name = {};  // For logs and metrics: "template.get".
  // The caller's deadline. It shortens the pool's statement timeout when it is nearer.
  absl::Time deadline = absl::InfiniteFuture();
  Isolation isolation = Isolation::kReadCommitted;
  // Running it twice has the same effect as running it once, because it only reads or a key guards
  // it. A COMMIT whose outcome is unknown is then run again.
  bool repeatable = false;
  // For RunStatement: the statement changes nothing, so it is run again when its reply is lost.
  bool reads_only = false;
};

// Runs `body` in a transaction on a connection of `pool`. Commits when `body` returns OK; otherwise
// rolls back and returns its status. `body` may run several times (after a serialization failure, a
// deadlock or a lost connection), so it must keep no state outside the transaction. It must not
// catch libpqxx's exceptions, except around a pqxx::subtransaction: they become statuses here, by
// the table in sql_error.h, and PostgreSQL silently rolls back a COMMIT after an error.
absl::Status RunStatusInTransaction(Pool& pool, const TransactionOptions& options,
                                    absl::FunctionRef<absl::Status(pqxx::work&)> body);

// Runs `body` without BEGIN and COMMIT, which saves their round trips. Each statement is committed
// when it returns. `body` may run several times, as above, but after it may have changed something
// only if it is repeatable; otherwise a lost connection is COMMIT_IN_DOUBT. Read committed only. A
// deadline less than half the pool's statement timeout away costs the round trips again, because
// the server must learn of it.
absl::Status RunStatusOfStatement(Pool& pool, const TransactionOptions& options,
                                  absl::FunctionRef<absl::Status(pqxx::transaction_base&)> body);

namespace transaction_internal {

template <typename Transaction, typename Run, typename Body>
auto ResultOf(Run run, Body& body) -> std::invoke_result_t<Body&, Transaction&> {
  using Result = std::invoke_result_t<Body&, Transaction&>;
  if constexpr (std::is_same_v<Result, absl::Status>) {
    return run(body);
  } else {
    Result result = absl::UnknownError("the transaction did not run");
    absl::Status status = run([&](Transaction& tx) -> absl::Status {
      result = body(tx);
      return result.status();
    });
    if (!status.ok()) return status;
    return result;
  }
}

}  // namespace transaction_internal

// The same for a `body` that returns absl::Status or absl::StatusOr<T>:
//
//   return RunInTransaction(pool_, {"template.get", deadline},
//                           [&](pqxx::work& tx) -> absl::StatusOr<Template> { ... });
template <typename Body>
auto RunInTransaction(Pool& pool, const TransactionOptions& options, Body&& body) {
  return transaction_internal::ResultOf<pqxx::work>(
      [&](absl::FunctionRef<absl::Status(pqxx::work&)> run) {
        return RunStatusInTransaction(pool, options, run);
      },
      body);
}
template <typename Body>
auto RunStatement(Pool& pool, const TransactionOptions& options, Body&& body) {
  return transaction_internal::ResultOf<pqxx::transaction_base>(
      [&](absl::FunctionRef<absl::Status(pqxx::transaction_base&)> run) {
        return RunStatusOfStatement(pool, options, run);
      },
      body);
}

}  // namespace lmsmail::postgres
