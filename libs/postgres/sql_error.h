#pragma once

#include <exception>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// Where libpqxx's exceptions become statuses:
//
//   unique_violation 23505            ALREADY_EXISTS, ConstraintOf() names the constraint
//   foreign_key_violation 23503       FAILED_PRECONDITION, ConstraintOf() too
//   serialization 40001, deadlock     ABORTED (after RunInTransaction's own retries)
//   lock timeout 55P03                ABORTED
//   statement timeout 57014           DEADLINE_EXCEEDED
//   connection lost, 08xxx, 57P0x     UNAVAILABLE, reason DATABASE_UNAVAILABLE
//   out of connections or space 53xxx UNAVAILABLE, reason DATABASE_UNAVAILABLE
//   connection lost during COMMIT     UNKNOWN, reason COMMIT_IN_DOUBT: read again by request_id
//   raised by our own SQL functions   FAILED_PRECONDITION; SqlStateOf() tells which
//     (RAISE ... USING ERRCODE with a first letter I-Z, such as 'MQ409')
//   anything else                     INTERNAL; logged here, details not passed on
namespace lmsmail::postgres {

inline constexpr char kCommitInDoubt[] = "COMMIT_IN_DOUBT";
inline constexpr char kDatabaseUnavailable[] = "DATABASE_UNAVAILABLE";

// The five characters of the SQLSTATE behind `status`; empty when there is none.
std::string SqlStateOf(const absl::Status& status);
// The name of the violated constraint; empty when there is none.
std::string ConstraintOf(const absl::Status& status);

// For `error` caught while running the transaction or query `name`.
absl::Status ToStatus(std::string_view name, const std::exception& error);

// For `error` caught while connecting: UNAVAILABLE, why in the log.
absl::Status ConnectError(const std::exception& error);
absl::Status DatabaseUnavailable(std::string_view why);

// For a change whose answer was lost with the connection.
absl::Status CommitInDoubt(std::string_view name);

// Whether the connection was lost.
bool IsConnectionLoss(const absl::Status& status);
// Whether the whole transaction may succeed when it is run again.
bool IsRetryable(const absl::Status& status);
// Whether the connection that gave `status` is to be closed rather than reused.
bool MustReconnect(const absl::Status& status);

}  // namespace lmsmail::postgres
