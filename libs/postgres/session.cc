#include "libs/postgres/session.h"

#include <poll.h>

#include <pqxx/errorhandler>
#include <pqxx/nontransaction>
#include <string_view>

#include "absl/time/clock.h"

#include "libs/postgres/direct_connection.h"
#include "libs/postgres/sql_error.h"

namespace lmsmail::postgres {
namespace {

// Firewalls drop quiet connections without notice, the fastest of them after a minute.
constexpr absl::Duration kTrustedFor = absl::Seconds(30);

bool IsQuiet(int socket) {
  pollfd poll_entry{.fd = socket, .events = POLLIN, .revents = 0};
  return ::poll(&poll_entry, 1, /*timeout=*/0) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Session>> Session::Open(
    const std::string& conninfo, const std::vector<PreparedStatement>& statements) {
  try {
    return std::make_unique<Session>(conninfo, statements);
  } catch (const std::exception& error) {
    // PgBouncer does not pass session settings on.
    const std::string_view text = error.what();
    if (text.find("unsupported startup parameter") != std::string_view::npos) {
      return LeadsToPooler();
    }
    return ConnectError(error);
  }
}

Session::Session(const std::string& conninfo, const std::vector<PreparedStatement>& statements)
    : connection_(conninfo), quiet_(connection_) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"  // The feature is deprecated too.
  connection_.inhibit_reactivation(true);
#pragma GCC diagnostic pop
  // libpqxx reports the name of a violated constraint in no other way.
  connection_.set_verbosity(pqxx::connection_base::verbose);
  for (const PreparedStatement& statement : statements) {
    connection_.prepare(statement.name, statement.sql);
  }
}

bool Session::IsAlive() {
  if (!connection_.is_open()) return false;
  if (IsQuiet(connection_.sock()) && absl::Now() - last_used_ < kTrustedFor) return true;
  try {
    pqxx::nontransaction(connection_).exec("SELECT 1");
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

}  // namespace lmsmail::postgres
