#include "libs/postgres/sql_error.h"

#include <fmt/format.h>

#include <algorithm>
#include <pqxx/except>

#include "absl/strings/cord.h"

#include "libs/status/error_details.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::postgres {
namespace {

constexpr char kSqlStateUrl[] = "lmsmail/sqlstate";

struct ServerError {
  std::string state;       // five characters, or empty
  std::string message;     // the primary message, one line
  std::string constraint;  // or empty
};

bool IsSqlState(std::string_view text) {
  return text.size() == 5 && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
         });
}

// Parses what libpq writes at verbosity "verbose": "ERROR:  23505: duplicate key ..." on the first
// line, then one line for each other field. CONSTRAINT NAME follows the fields with a user's data.
ServerError Parse(std::string_view text) {
  ServerError error;
  if (const auto at = text.rfind("\nCONSTRAINT NAME:  "); at != std::string_view::npos) {
    std::string_view rest = text.substr(at + 19);
    error.constraint = rest.substr(0, rest.find('\n'));
  }
  text = text.substr(0, text.find('\n'));
  if (const auto at = text.find(":  "); at != std::string_view::npos) {
    text.remove_prefix(at + 3);
    if (IsSqlState(text.substr(0, 5)) && text.substr(5, 2) == ": ") {
      error.state = text.substr(0, 5);
      text.remove_prefix(7);
    }
  }
  error.message = text;
  return error;
}

// Some errors are exception classes of libpqxx that do not carry the SQLSTATE.
std::string StateOf(const std::exception& error) {
  if (const auto* sql = dynamic_cast<const pqxx::sql_error*>(&error)) return sql->sqlstate();
  if (dynamic_cast<const pqxx::serialization_failure*>(&error)) return "40001";
  if (dynamic_cast<const pqxx::deadlock_detected*>(&error)) return "40P01";
  if (dynamic_cast<const pqxx::too_many_connections*>(&error)) return "53300";
  if (dynamic_cast<const pqxx::broken_connection*>(&error)) return "08006";
  if (dynamic_cast<const pqxx::statement_completion_unknown*>(&error)) return "40003";
  return "";
}

// Messages about a value quote it, and it may be a personal address.
std::string WithoutValues(std::string_view message) {
  return std::string(message.substr(0, message.find_first_of("'\"")));
}

bool IsClass(std::string_view state, std::string_view prefix) { return state.starts_with(prefix); }

// SQL:2016 part 2, 24.1 leaves classes that begin with I-Z to implementations; PostgreSQL uses two.
bool IsOurOwn(std::string_view state) {
  return !state.empty() && state[0] >= 'I' && state[0] <= 'Z' && !IsClass(state, "P0") &&
         !IsClass(state, "XX");
}

// admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped, idle_session_timeout.
bool IsShutdown(std::string_view state) { return IsClass(state, "57P"); }
// idle_in_transaction_session_timeout: the server has closed the connection.
bool IsLossOfConnection(std::string_view state) {
  return IsClass(state, "08") || IsShutdown(state) || state == "25P03";
}

absl::Status Internal(std::string_view name, const ServerError& error) {
  const bool may_quote_values = error.state.empty() || IsClass(error.state, "22");
  telemetry::LogError("database error",
                      {{"transaction", name},
                       {"sqlstate", error.state},
                       {"error", may_quote_values ? WithoutValues(error.message) : error.message},
                       {"constraint", error.constraint}});
  return absl::InternalError(fmt::format("database error in {}", name));
}

absl::Status FromServer(std::string_view name, const ServerError& error) {
  const std::string_view state = error.state;
  if (state == "23505") return absl::AlreadyExistsError("already exists");
  if (state == "23503")
    return absl::FailedPreconditionError("refers to something that does not exist");
  if (state == "40001" || state == "40P01") {
    return absl::AbortedError("conflicts with another transaction: try again");
  }
  if (state == "55P03") {
    return absl::AbortedError("another transaction holds a lock: try again");
  }
  if (state == "57014") {
    telemetry::LogWarning("database transaction timed out",
                          {{"transaction", name}, {"error", error.message}});
    return absl::DeadlineExceededError("the database took too long");
  }
  // A migration changed a table of a prepared statement. A new connection prepares it again.
  if (state == "0A000" && error.message.find("cached plan") != std::string::npos) {
    return absl::AbortedError("the database schema has just changed: try again");
  }
  if (IsLossOfConnection(state) || IsClass(state, "53")) {
    telemetry::LogWarning("database not available",
                          {{"transaction", name}, {"sqlstate", state}, {"error", error.message}});
    return DatabaseUnavailable("the database is not available");
  }
  if (IsOurOwn(state)) return absl::FailedPreconditionError(error.message);
  return Internal(name, error);
}

}  // namespace

std::string SqlStateOf(const absl::Status& status) {
  const auto payload = status.GetPayload(kSqlStateUrl);
  return payload ? std::string(*payload) : std::string();
}

absl::Status DatabaseUnavailable(std::string_view why) {
  return WithReason(absl::UnavailableError(std::string(why)), {kDatabaseUnavailable, {}});
}

absl::Status ConnectError(const std::exception& error) {
  const std::string_view text = error.what();
  telemetry::LogWarning("cannot connect to the database",
                        {{"error", text.substr(0, text.find('\n'))}});
  return DatabaseUnavailable("the database cannot be reached");
}

absl::Status ToStatus(std::string_view name, const std::exception& error) {
  if (dynamic_cast<const pqxx::in_doubt_error*>(&error)) return CommitInDoubt(name);
  ServerError parsed = Parse(error.what());
  if (const std::string state = StateOf(error); !state.empty() && parsed.state.empty()) {
    parsed.state = state;
  }
  absl::Status status = FromServer(name, parsed);
  if (!parsed.state.empty()) status.SetPayload(kSqlStateUrl, absl::Cord(parsed.state));
  return status;
}

absl::Status CommitInDoubt(std::string_view name) {
  telemetry::LogWarning("database connection lost during a COMMIT", {{"transaction", name}});
  return WithReason(absl::UnknownError("the database connection was lost during a COMMIT: the "
                                       "change may or may not have been made"),
                    {kCommitInDoubt, {}});
}

bool IsConnectionLoss(const absl::Status& status) { return IsLossOfConnection(SqlStateOf(status)); }

bool IsRetryable(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  return state == "40001" || state == "40P01" || state == "0A000" || IsLossOfConnection(state);
}

bool MustReconnect(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  return IsLossOfConnection(state) || state == "0A000" || ReasonOf(status).reason == kCommitInDoubt;
}

}  // namespace lmsmail::postgres
