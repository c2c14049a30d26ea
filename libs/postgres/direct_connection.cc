#include "libs/postgres/direct_connection.h"

namespace lmsmail::postgres {

absl::Status LeadsToPooler() {
  return absl::FailedPreconditionError(
      "the database DSN leads to a connection pooler such as PgBouncer: give the address of "
      "PostgreSQL itself, because services keep their own pool of connections");
}

// A pooler tells each client a process id of its own making, by which the client may cancel
// queries.
absl::Status CheckDirectConnection(pqxx::transaction_base& tx) {
  const int backend = tx.exec1("SELECT pg_backend_pid()")[0].as<int>();
  if (backend == tx.conn().backendpid()) return absl::OkStatus();
  return LeadsToPooler();
}

}  // namespace lmsmail::postgres
