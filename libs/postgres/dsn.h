#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace lmsmail::postgres {

// Whether `dsn` (keywords or URI) holds a password itself. False for a malformed one.
bool HoldsPassword(std::string_view dsn);

// The role that `dsn` logs in as: its user, else libpq's default. INVALID_ARGUMENT when `dsn` is
// malformed.
absl::StatusOr<std::string> RoleOf(std::string_view dsn);

// INVALID_ARGUMENT, with the host and the remedy, when a connection by `dsn` leaves this machine
// without proof of who the server is: with less than sslmode=verify-full. (verify-ca accepts any
// server that has a certificate of the same authority.) Sockets and loopback addresses stay on this
// machine. What `dsn` leaves open is libpq's default, also from PG* variables. OK for a malformed
// DSN, which fails elsewhere.
absl::Status CheckServerIsVerified(std::string_view dsn);

}  // namespace lmsmail::postgres
