#include "libs/postgres/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <memory>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <string>

#include "absl/status/statusor.h"

#include "libs/postgres/conninfo.h"
#include "libs/postgres/field.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::postgres {
namespace {

using HashByName = std::map<std::string, std::string, std::less<>>;

absl::Status CheckArguments(std::string_view schema, absl::Span<const Migration> migrations) {
  if (!IsPlainIdentifier(schema)) {
    return absl::InvalidArgumentError(
        fmt::format("database schema \"{}\": use lower-case letters, digits and _", schema));
  }
  const auto not_ascending =
      std::adjacent_find(migrations.begin(), migrations.end(),
                         [](const Migration& a, const Migration& b) { return a.name >= b.name; });
  if (not_ascending != migrations.end()) {
    return absl::InvalidArgumentError(fmt::format(
        "migration {} is followed by one whose name is not greater", not_ascending->name));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Session>> Connect(std::string_view dsn, std::string_view schema) {
  // A migration may rewrite a large table, so nothing limits its time.
  LMSMAIL_ASSIGN_OR_RETURN(const std::string conninfo,
                           MakeConninfo(dsn,
                                        {{"application_name", fmt::format("migrate {}", schema)},
                                         {"client_encoding", "UTF8"},
                                         {"connect_timeout", "10"}},
                                        {{"search_path", std::string(schema)},
                                         {"TimeZone", "UTC"},
                                         {"DateStyle", "ISO"},
                                         {"statement_timeout", "0"},
                                         {"lock_timeout", "0"},
                                         {"idle_in_transaction_session_timeout", "0"}}));
  return Session::Open(conninfo, /*statements=*/{});
}

std::string LockKey(std::string_view schema) {
  return fmt::format("lmsmail migrations of {}", schema);
}

// Replicas that start together come here together. The session's end unlocks too.
void Lock(pqxx::connection& connection, std::string_view schema) {
  pqxx::nontransaction tx(connection);
  const std::string key = LockKey(schema);
  const bool free =
      tx.exec_params1("SELECT pg_try_advisory_lock(hashtextextended($1, 0))", key)[0].as<bool>();
  if (free) return;
  telemetry::LogInfo("waiting for another process to finish migrations", {{"schema", schema}});
  tx.exec_params("SELECT pg_advisory_lock(hashtextextended($1, 0))", key);
}

void Unlock(pqxx::connection& connection, std::string_view schema) {
  pqxx::nontransaction(connection)
      .exec_params("SELECT pg_advisory_unlock(hashtextextended($1, 0))", LockKey(schema));
}

void CreateLedger(pqxx::connection& connection, std::string_view schema) {
  pqxx::work tx(connection);
  // CREATE SCHEMA IF NOT EXISTS wants the right to create one even when there is nothing to do.
  if (tx.exec_params("SELECT FROM pg_namespace WHERE nspname = $1", std::string(schema)).empty()) {
    tx.exec(fmt::format("CREATE SCHEMA {}", schema));
  }
  tx.exec(
      fmt::format("CREATE TABLE IF NOT EXISTS {}.schema_migration ("
                  "name text PRIMARY KEY, sha256 text NOT NULL, "
                  "applied_at timestamptz NOT NULL DEFAULT now())",
                  schema));
  tx.commit();
}

HashByName ReadLedger(pqxx::connection& connection, std::string_view schema) {
  pqxx::nontransaction tx(connection);
  HashByName ledger;
  for (const pqxx::row& row :
       tx.exec(fmt::format("SELECT name, sha256 FROM {}.schema_migration", schema))) {
    ledger.emplace(Text(row[0]), Text(row[1]));
  }
  return ledger;
}

std::string Hash(pqxx::connection& connection, std::string_view sql) {
  pqxx::nontransaction tx(connection);
  return Text(
      tx.exec_params1("SELECT encode(sha256(convert_to($1, 'UTF8')), 'hex')", std::string(sql))[0]);
}

void Apply(pqxx::connection& connection, std::string_view schema, const Migration& migration,
           const std::string& hash) {
  pqxx::work tx(connection);
  tx.exec(std::string(migration.sql));
  tx.exec_params(
      fmt::format("INSERT INTO {}.schema_migration (name, sha256) VALUES ($1, $2)", schema),
      std::string(migration.name), hash);
  tx.commit();
  telemetry::LogInfo("migration applied", {{"schema", schema}, {"migration", migration.name}});
}

absl::Status ApplyMissing(pqxx::connection& connection, std::string_view schema,
                          absl::Span<const Migration> migrations) {
  const HashByName ledger = ReadLedger(connection, schema);
  for (const Migration& migration : migrations) {
    const std::string hash = Hash(connection, migration.sql);
    const auto applied = ledger.find(migration.name);
    if (applied == ledger.end()) {
      try {
        Apply(connection, schema, migration, hash);
      } catch (const std::exception& error) {
        const std::string name = fmt::format("migration {} of {}", migration.name, schema);
        const absl::Status status = ToStatus(name, error);
        return absl::Status(status.code(),
                            ToAbsl(fmt::format("{}: {}", name, ToStd(status.message()))));
      }
    } else if (applied->second != hash) {
      return absl::FailedPreconditionError(
          fmt::format("migration {} of {} was applied to this database and has been edited since: "
                      "restore its text and put the change into a new migration",
                      migration.name, schema));
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status Migrate(std::string_view dsn, std::string_view schema,
                     absl::Span<const Migration> migrations) {
  LMSMAIL_RETURN_IF_ERROR(CheckArguments(schema, migrations));
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Connect(dsn, schema));
  try {
    Lock(session->connection(), schema);
    CreateLedger(session->connection(), schema);
    absl::Status status = ApplyMissing(session->connection(), schema, migrations);
    Unlock(session->connection(), schema);
    return status;
  } catch (const std::exception& error) {
    return ToStatus(fmt::format("migrations of {}", schema), error);
  }
}

}  // namespace lmsmail::postgres
