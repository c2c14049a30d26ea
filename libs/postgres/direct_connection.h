#pragma once

#include <pqxx/transaction_base>

#include "absl/status/status.h"

namespace lmsmail::postgres {

// FAILED_PRECONDITION, with the remedy.
absl::Status LeadsToPooler();

// LeadsToPooler() when the connection of `tx` leads to a pooler such as PgBouncer rather than
// to PostgreSQL: between transactions a pooler may hand the session, with its settings, prepared
// statements and locks, to somebody else.
absl::Status CheckDirectConnection(pqxx::transaction_base& tx);

}  // namespace lmsmail::postgres
