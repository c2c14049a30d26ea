#pragma once

#include <memory>
#include <pqxx/connection>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

// One connection to the server. Once broken it stays broken: libpqxx's silent reconnection, which
// would lose the session's state, is off. Not thread-safe.
class Session {
 public:
  // UNAVAILABLE when the server cannot be reached or does not let us in.
  static absl::StatusOr<std::unique_ptr<Session>> Open(
      const std::string& conninfo, const std::vector<PreparedStatement>& statements);

  Session(const std::string& conninfo, const std::vector<PreparedStatement>& statements);

  pqxx::connection& connection() { return connection_; }

  // Whether the server is still there. Free when the session was used lately and its socket is
  // quiet: a server that went away has closed it. Otherwise asks.
  bool IsAlive();
  void MarkUsed() { last_used_ = absl::Now(); }

 private:
  pqxx::connection connection_;
  pqxx::quiet_errorhandler quiet_;
  absl::Time last_used_ = absl::Now();
};

}  // namespace lmsmail::postgres
