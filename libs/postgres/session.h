#pragma once

#include <memory>
#include <pqxx/connection>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

// One connection to the server. It stays broken once it is broken: libpqxx's silent reconnection is
// off, because it would lose the session's state. Not thread-safe.
class Session {
 public:
  // UNAVAILABLE when the server cannot be reached or refuses the connection. FAILED_PRECONDITION
  // when a pooler refuses it.
  static absl::StatusOr<std::unique_ptr<Session>> Open(
      const std::string& conninfo, const std::vector<PreparedStatement>& statements);

  Session(const std::string& conninfo, const std::vector<PreparedStatement>& statements);

  pqxx::connection& connection() { return connection_; }

  // Whether the server is still there. Costs no round trip when the session was used recently and
  // its socket is quiet, because a server that stopped has closed the socket.
  bool IsAlive();
  void MarkUsed() { last_used_ = absl::Now(); }

 private:
  pqxx::connection connection_;
  pqxx::quiet_errorhandler quiet_;
  absl::Time last_used_ = absl::Now();
};

}  // namespace lmsmail::postgres
