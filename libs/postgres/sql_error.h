#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// Converts libpqxx's exceptions to statuses:
//
//   unique_violation 23505            ALREADY_EXISTS
//   foreign_key_violation 23503       FAILED_PRECONDITION
//   serialization 40001, deadlock     ABORTED (after RunInTransaction's own retries)
//   lock timeout 55P03                ABORTED
//   statement timeout 57014           DEADLINE_EXCEEDED
//   connection lost, 08xxx, 57P0x     UNAVAILABLE, reason DATABASE_UNAVAILABLE
//   out of connections or space 53xxx UNAVAILABLE, reason DATABASE_UNAVAILABLE
//   connection lost during COMMIT     UNKNOWN, reason COMMIT_IN_DOUBT: look up the request_id
//   raised by our own SQL functions   FAILED_PRECONDITION; SqlStateOf() returns the code
//     (RAISE ... USING ERRCODE with a first letter I-Z, such as 'MQ409')
//   anything else                     INTERNAL; the details are only logged
namespace lmsmail::postgres {

inline constexpr char kCommitInDoubt[] = "COMMIT_IN_DOUBT";
inline constexpr char kDatabaseUnavailable[] = "DATABASE_UNAVAILABLE";

// The five characters of the SQLSTATE behind `status`; empty when there is none.
std::string SqlStateOf(const absl::Status& status);

// For an `error` that was caught while the transaction or query `name` ran.
absl::Status ToStatus(std::string_view name, const std::exception& error);

// For an `error` that was caught while connecting: UNAVAILABLE. The reason is only logged.
absl::Status ConnectError(const std::exception& error);
absl::Status DatabaseUnavailable(std::string_view why);

// For a change whose reply was lost with the connection.
absl::Status CommitInDoubt(std::string_view name);

// Whether the connection was lost.
bool IsConnectionLoss(const absl::Status& status);
// Whether the whole transaction may succeed when it is run again.
bool IsRetryable(const absl::Status& status);
// Whether the connection that returned `status` must be closed rather than reused.
bool MustReconnect(const absl::Status& status);

}  // namespace lmsmail::postgres
