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

enum class Isolation { kReadCommitted, kRepeatableRead, kSerializable };

struct TransactionOptions {
  std::string_view name = {};  // for logs and metrics: "template.get"
  // The caller's. When it is nearer than the pool's statement timeout, it shortens that timeout.
  absl::Time deadline = absl::InfiniteFuture();
  Isolation isolation = Isolation::kReadCommitted;
  // Running it twice has the effect of running it once (it only reads, or is guarded by a key):
  // then a COMMIT whose outcome is unknown is simply run again.
  bool repeatable = false;
  // For RunStatement: an answer that is lost leaves nothing in doubt.
  bool reads_only = false;
};

// Runs `body` in a transaction on one of `pool`'s connections: commits when it returns OK, rolls
// back and returns its status when not. `body` may run several times (after a serialization
// failure, a deadlock or a lost connection), so it keeps no state outside the transaction. It lets
// libpqxx's exceptions pass: here they become statuses, by the table in sql_error.h. It catches one
// only around a pqxx::subtransaction; PostgreSQL answers COMMIT after an error with a silent
// rollback.
absl::Status RunStatusInTransaction(Pool& pool, const TransactionOptions& options,
                                    absl::FunctionRef<absl::Status(pqxx::work&)> body);

// Runs `body` without BEGIN and COMMIT, and so without their round trips: whatever one statement
// of it changes is committed when that statement returns. `body` may run several times, as above,
// but only if it is repeatable once it may have changed something; if its connection is lost and it
// is not, that is COMMIT_IN_DOUBT. Read committed only. A deadline less than half the pool's
// statement timeout away costs the round trips after all, for it has to be told the server.
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
