#include "libs/postgres/migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <pqxx/nontransaction>
#include <pqxx/transaction>
#include <string>
#include <utility>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/random/random.h"
#include "absl/status/statusor.h"

#include "libs/hash/sha256.h"
#include "libs/postgres/conninfo.h"
#include "libs/postgres/direct_connection.h"
#include "libs/postgres/field.h"
#include "libs/postgres/migration_statements.h"
#include "libs/postgres/schema_ledger.h"
#include "libs/postgres/service_access.h"
#include "libs/postgres/session.h"
#include "libs/postgres/sql_error.h"
#include "libs/retry/backoff.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::postgres {
namespace {

constexpr retry::BackoffPolicy kLockBackoff = {absl::Seconds(1), absl::Seconds(30)};
constexpr retry::BackoffPolicy kMigratorPollInterval = {absl::Milliseconds(200),
                                                        absl::Milliseconds(200)};

absl::Status CheckAscending(std::string_view kind, absl::Span<const SqlFile> files) {
  const auto* const not_ascending =
      std::adjacent_find(files.begin(), files.end(),
                         [](const SqlFile& a, const SqlFile& b) { return a.name >= b.name; });
  if (not_ascending == files.end()) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} {} is followed by one whose name is not greater", kind, not_ascending->name));
}

absl::Status CheckArguments(std::string_view schema, const SchemaDefinition& definition) {
  if (!IsPlainIdentifier(schema)) {
    return absl::InvalidArgumentError(
        fmt::format("database schema \"{}\": use lower-case letters, digits and _", schema));
  }
  LMSMAIL_RETURN_IF_ERROR(CheckAscending("migration", definition.migrations));
  LMSMAIL_RETURN_IF_ERROR(CheckAscending("function file", definition.functions));
  for (const SqlFile& migration : definition.migrations) {
    LMSMAIL_RETURN_IF_ERROR(CheckRepeatable(migration));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<Session>> Connect(std::string_view dsn, std::string_view schema) {
  // A migration may rewrite a large table, so its time is not limited.
  LMSMAIL_ASSIGN_OR_RETURN(const std::string conninfo,
                           MakeConninfo(dsn,
                                        {{"application_name", fmt::format("migrate {}", schema)},
                                         {"client_encoding", "UTF8"},
                                         {"connect_timeout", "10"}},
                                        {{"search_path", std::string(schema)},
                                         {"TimeZone", "UTC"},
                                         {"DateStyle", "ISO"},
                                         {"statement_timeout", "0"},
                                         {"idle_in_transaction_session_timeout", "0"}}));
  return Session::Open(conninfo, /*statements=*/{});
}

bool IsLockConflict(const absl::Status& status) {
  const std::string state = SqlStateOf(status);
  return state == "55P03" || state == "40P01";  // lock_not_available, deadlock_detected
}

absl::Status Prefixed(std::string_view what, const absl::Status& status) {
  return absl::Status(status.code(), ToAbsl(fmt::format("{}: {}", what, ToStd(status.message()))));
}

// One process's work on one schema.
class Migrator {
 public:
  Migrator(pqxx::connection& connection, std::string_view schema, const MigrationOptions& options)
      : connection_(connection), schema_(schema), options_(options) {}

  absl::Status Run(const SchemaDefinition& definition);

 private:
  void Lock();
  void Unlock();
  absl::Status CheckRoles();
  SchemaLedger CreateAndReadLedger();

  absl::Status ApplyMigrations(absl::Span<const SqlFile> migrations, const SchemaLedger& ledger);
  absl::Status Apply(const SqlFile& migration);
  absl::Status ApplyWithoutTransaction(const SqlFile& migration);
  absl::Status ApplyFunctions(absl::Span<const SqlFile> functions, const SchemaLedger& ledger);

  // Runs `attempt` until it gets the locks it needs. `what`, which `attempt` may change, is for
  // errors and logs.
  absl::Status WithLockRetries(const std::string& what, absl::FunctionRef<void()> attempt);
  std::string OldestLockHolder();
  void Sleep(const retry::BackoffPolicy& policy, int attempts) {
    options_.sleep(retry::BackoffWithJitter(policy, attempts, jitter_key_));
  }
  void SetLockTimeout(absl::Duration timeout);
  void DropInvalidIndexesNamedIn(std::string_view statement);

  pqxx::connection& connection_;
  const std::string schema_;
  const MigrationOptions& options_;
  const std::uint64_t jitter_key_ = absl::BitGen()();
};

absl::Status Migrator::Run(const SchemaDefinition& definition) {
  LMSMAIL_RETURN_IF_ERROR(CheckRoles());
  Lock();
  const SchemaLedger ledger = CreateAndReadLedger();
  SetLockTimeout(options_.lock_timeout);
  absl::Status status = ApplyMigrations(definition.migrations, ledger);
  if (status.ok()) {
    if (ledger.IsNewerThan(definition.migrations)) {
      telemetry::LogInfo("the database has migrations of a newer release", {{"schema", schema_}});
    } else {
      status = ApplyFunctions(definition.functions, ledger);
    }
  }
  Unlock();
  return status;
}

absl::Status Migrator::CheckRoles() {
  pqxx::nontransaction tx(connection_);
  LMSMAIL_RETURN_IF_ERROR(CheckDirectConnection(tx));
  LMSMAIL_RETURN_IF_ERROR(CheckOwnership(tx, schema_));
  if (options_.service_role.empty()) return absl::OkStatus();
  return CheckServiceRole(tx, schema_, options_.service_role);
}

// The lock ends with the session. Processes that wait for it ask again and again: a statement that
// waits has a snapshot, and CREATE INDEX CONCURRENTLY waits for all older snapshots.
void Migrator::Lock() {
  for (int attempts = 1;; ++attempts) {
    const bool locked = pqxx::nontransaction(connection_)
                            .exec_params1("SELECT pg_try_advisory_lock(hashtextextended($1, 0))",
                                          "lmsmail migrations of " + schema_)[0]
                            .as<bool>();
    if (locked) return;
    if (attempts == 1) {
      telemetry::LogInfo("waiting for another process to finish migrations", {{"schema", schema_}});
    }
    Sleep(kMigratorPollInterval, attempts);
  }
}

void Migrator::Unlock() {
  pqxx::nontransaction(connection_)
      .exec_params("SELECT pg_advisory_unlock(hashtextextended($1, 0))",
                   "lmsmail migrations of " + schema_);
}

SchemaLedger Migrator::CreateAndReadLedger() {
  pqxx::work tx(connection_);
  // CREATE SCHEMA IF NOT EXISTS needs the right to create schemas even when there is nothing to do.
  if (tx.exec_params("SELECT FROM pg_namespace WHERE nspname = $1", schema_).empty()) {
    tx.exec(fmt::format("CREATE SCHEMA {}", schema_));
  }
  CreateLedger(tx, schema_);
  SchemaLedger ledger = ReadLedger(tx, schema_);
  tx.commit();
  return ledger;
}

absl::Status Migrator::ApplyMigrations(absl::Span<const SqlFile> migrations,
                                       const SchemaLedger& ledger) {
  for (const SqlFile& migration : migrations) {
    LMSMAIL_RETURN_IF_ERROR(CheckUnchanged(ledger, schema_, migration));
    if (ledger.migrations.contains(migration.name)) continue;
    LMSMAIL_RETURN_IF_ERROR(RunsWithoutTransaction(migration) ? ApplyWithoutTransaction(migration)
                                                              : Apply(migration));
    telemetry::LogInfo("migration applied", {{"schema", schema_}, {"migration", migration.name}});
  }
  return absl::OkStatus();
}

// What a migration makes is never there without its rights: old replicas may use it at once.
absl::Status Migrator::Apply(const SqlFile& migration) {
  return WithLockRetries(fmt::format("migration {} of {}", migration.name, schema_), [&] {
    pqxx::work tx(connection_);
    tx.exec(std::string(migration.sql));
    RecordMigration(tx, schema_, migration);
    GrantAccess(tx, schema_, options_.service_role);
    tx.commit();
  });
}

absl::Status Migrator::ApplyWithoutTransaction(const SqlFile& migration) {
  const std::string what = fmt::format("migration {} of {}", migration.name, schema_);
  for (const std::string& statement : StatementsOf(migration.sql)) {
    LMSMAIL_RETURN_IF_ERROR(WithLockRetries(what, [&] {
      const bool concurrent = IsConcurrent(statement);
      SetLockTimeout(concurrent ? absl::ZeroDuration() : options_.lock_timeout);
      if (concurrent) DropInvalidIndexesNamedIn(statement);
      pqxx::nontransaction(connection_).exec(statement);
    }));
  }
  return WithLockRetries(what, [&] {
    SetLockTimeout(options_.lock_timeout);
    pqxx::work tx(connection_);
    RecordMigration(tx, schema_, migration);
    GrantAccess(tx, schema_, options_.service_role);
    tx.commit();
  });
}

// Also grants access to what has been there before, since the service may have a new role.
absl::Status Migrator::ApplyFunctions(absl::Span<const SqlFile> functions,
                                      const SchemaLedger& ledger) {
  std::vector<const SqlFile*> changed;
  for (const SqlFile& file : functions) {
    const auto applied = ledger.functions.find(file.name);
    if (applied == ledger.functions.end() || applied->second != hash::Sha256Hex(file.sql)) {
      changed.push_back(&file);
    }
  }

  std::string what;
  LMSMAIL_RETURN_IF_ERROR(WithLockRetries(what, [&] {
    pqxx::work tx(connection_);
    // The first round makes all functions exist, the second one checks what they call.
    for (const char* check : {"off", "on"}) {
      tx.exec(fmt::format("SET LOCAL check_function_bodies = {}", check));
      for (const SqlFile* file : changed) {
        what = fmt::format("functions {} of {}", file->name, schema_);
        tx.exec(std::string(file->sql));
      }
    }
    for (const SqlFile* file : changed) RecordFunctions(tx, schema_, *file);
    what = fmt::format("rights in {}", schema_);
    GrantAccess(tx, schema_, options_.service_role);
    tx.commit();
  }));
  for (const SqlFile* file : changed) {
    telemetry::LogInfo("functions applied", {{"schema", schema_}, {"file", file->name}});
  }
  return absl::OkStatus();
}

absl::Status Migrator::WithLockRetries(const std::string& what, absl::FunctionRef<void()> attempt) {
  for (int attempts = 1;; ++attempts) {
    absl::Status status;
    try {
      attempt();
      return absl::OkStatus();
    } catch (const std::exception& error) {
      status = ToStatus(what, error);
    }
    if (!IsLockConflict(status)) return Prefixed(what, status);
    const std::string holder = OldestLockHolder();
    if (attempts >= options_.max_attempts) {
      return absl::AbortedError(
          fmt::format("{}: did not get its locks in {} attempts; oldest transaction that holds "
                      "locks in the schema: {}",
                      what, attempts, holder));
    }
    telemetry::LogWarning("migration waits for a lock",
                          {{"step", what}, {"attempt", attempts}, {"holder", holder}});
    Sleep(kLockBackoff, attempts);
  }
}

std::string Migrator::OldestLockHolder() {
  const pqxx::result holders =
      pqxx::nontransaction(connection_)
          .exec_params(
              "SELECT format('process %s, %s, since %s', a.pid, a.application_name, a.xact_start)"
              "  FROM pg_locks l"
              "  JOIN pg_class c ON c.oid = l.relation AND c.relnamespace = $1::regnamespace"
              "  JOIN pg_stat_activity a ON a.pid = l.pid AND a.datname = current_database()"
              " WHERE l.granted AND l.pid <> pg_backend_pid() ORDER BY a.xact_start LIMIT 1",
              schema_);
  return holders.empty() ? "none now" : Text(holders[0][0]);
}

void Migrator::SetLockTimeout(absl::Duration timeout) {
  pqxx::nontransaction(connection_)
      .exec(fmt::format("SET lock_timeout = {}", absl::ToInt64Milliseconds(timeout)));
}

void Migrator::DropInvalidIndexesNamedIn(std::string_view statement) {
  const pqxx::result invalid =
      pqxx::nontransaction(connection_)
          .exec_params(
              "SELECT c.relname FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid"
              " WHERE NOT i.indisvalid AND c.relkind = 'i' AND c.relnamespace = $1::regnamespace",
              schema_);
  for (const pqxx::row& row : invalid) {
    const std::string name = Text(row[0]);
    if (statement.find(name) == std::string_view::npos) continue;
    telemetry::LogWarning("dropping an invalid index of an interrupted build",
                          {{"schema", schema_}, {"index", name}});
    pqxx::nontransaction(connection_)
        .exec(fmt::format("DROP INDEX CONCURRENTLY IF EXISTS {}.{}", schema_,
                          connection_.quote_name(name)));
  }
}

}  // namespace

absl::Status Migrate(std::string_view dsn, std::string_view schema,
                     const SchemaDefinition& definition, const MigrationOptions& options) {
  LMSMAIL_RETURN_IF_ERROR(CheckArguments(schema, definition));
  LMSMAIL_ASSIGN_OR_RETURN(const std::unique_ptr<Session> session, Connect(dsn, schema));
  try {
    return Migrator(session->connection(), schema, options).Run(definition);
  } catch (const std::exception& error) {
    return ToStatus(fmt::format("migrations of {}", schema), error);
  }
}

}  // namespace lmsmail::postgres
