#include "libs/postgres/schema_check.h"

#include <fmt/format.h>

#include <utility>

#include "libs/hash/sha256.h"
#include "libs/postgres/direct_connection.h"
#include "libs/postgres/schema_ledger.h"
#include "libs/postgres/transaction.h"
#include "libs/status/status_macros.h"

namespace lmsmail::postgres {
namespace {

absl::Status Missing(std::string_view what, std::string_view schema) {
  return absl::UnavailableError(fmt::format(
      "the database schema {} has no {} yet: run this program with --migrate", schema, what));
}

// What this role may not see, it does not find either.
bool HasLedger(pqxx::transaction_base& tx, const std::string& schema) {
  return tx
      .exec_params1(
          "SELECT count(*) = 2 FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
          " WHERE n.nspname = $1 AND c.relname IN ('schema_migration', 'schema_function')"
          "   AND has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')",
          schema)[0]
      .as<bool>();
}

absl::Status Compare(const SchemaLedger& ledger, const std::string& schema,
                     const SchemaDefinition& definition) {
  for (const SqlFile& migration : definition.migrations) {
    LMSMAIL_RETURN_IF_ERROR(CheckUnchanged(ledger, schema, migration));
    if (!ledger.migrations.contains(migration.name)) {
      return absl::UnavailableError(fmt::format(
          "the database schema {} is at the migration {}, and this release needs {}: run this "
          "program with --migrate",
          schema, ledger.migrations.empty() ? "none" : ledger.migrations.rbegin()->first,
          migration.name));
    }
  }
  if (ledger.IsNewerThan(definition.migrations)) return absl::OkStatus();
  for (const SqlFile& file : definition.functions) {
    if (!ledger.past_functions.contains({std::string(file.name), hash::Sha256Hex(file.sql)})) {
      return Missing(fmt::format("functions {} of this release", file.name), schema);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CheckSchema(Pool& pool, const std::string& schema,
                         const SchemaDefinition& definition) {
  return RunInTransaction(pool, {.name = "schema.check", .repeatable = true},
                          [&](pqxx::work& tx) -> absl::Status {
                            LMSMAIL_RETURN_IF_ERROR(CheckDirectConnection(tx));
                            if (!HasLedger(tx, schema)) return Missing("migrations", schema);
                            return Compare(ReadLedger(tx, schema), schema, definition);
                          });
}

}  // namespace lmsmail::postgres
