#include "libs/postgres/schema_ledger.h"

#include <fmt/format.h>

#include <algorithm>

#include "libs/hash/sha256.h"
#include "libs/postgres/field.h"

namespace lmsmail::postgres {

bool SchemaLedger::IsNewerThan(absl::Span<const SqlFile> known) const {
  return std::ranges::any_of(migrations, [&](const auto& applied) {
    return std::ranges::find(known, applied.first, &SqlFile::name) == known.end();
  });
}

void CreateLedger(pqxx::transaction_base& tx, std::string_view schema) {
  for (const auto& [table, key] :
       {std::pair("schema_migration", "name"), std::pair("schema_function", "name, sha256")}) {
    tx.exec(
        fmt::format("CREATE TABLE IF NOT EXISTS {}.{} (name text, sha256 text NOT NULL, "
                    "apply_time timestamptz NOT NULL DEFAULT clock_timestamp(), "
                    "PRIMARY KEY ({}))",
                    schema, table, key));
  }
}

SchemaLedger ReadLedger(pqxx::transaction_base& tx, std::string_view schema) {
  SchemaLedger ledger;
  for (const pqxx::row& row :
       tx.exec(fmt::format("SELECT name, sha256 FROM {}.schema_migration", schema))) {
    ledger.migrations.emplace(Text(row[0]), Text(row[1]));
  }
  for (const pqxx::row& row : tx.exec(fmt::format(
           "SELECT name, sha256 FROM {}.schema_function ORDER BY apply_time", schema))) {
    ledger.functions.insert_or_assign(Text(row[0]), Text(row[1]));
    ledger.past_functions.emplace(Text(row[0]), Text(row[1]));
  }
  return ledger;
}

void RecordMigration(pqxx::transaction_base& tx, std::string_view schema, const SqlFile& file) {
  tx.exec_params(
      fmt::format("INSERT INTO {}.schema_migration (name, sha256) VALUES ($1, $2)", schema),
      std::string(file.name), hash::Sha256Hex(file.sql));
}

void RecordFunctions(pqxx::transaction_base& tx, std::string_view schema, const SqlFile& file) {
  tx.exec_params(fmt::format("INSERT INTO {}.schema_function (name, sha256) VALUES ($1, $2) "
                             "ON CONFLICT (name, sha256) DO UPDATE SET apply_time = "
                             "clock_timestamp()",
                             schema),
                 std::string(file.name), hash::Sha256Hex(file.sql));
}

absl::Status CheckUnchanged(const SchemaLedger& ledger, std::string_view schema,
                            const SqlFile& migration) {
  const auto applied = ledger.migrations.find(migration.name);
  if (applied == ledger.migrations.end() || applied->second == hash::Sha256Hex(migration.sql)) {
    return absl::OkStatus();
  }
  return absl::FailedPreconditionError(
      fmt::format("migration {} of {} was applied to this database and has been edited since: "
                  "restore its text and put the change into a new migration",
                  migration.name, schema));
}

}  // namespace lmsmail::postgres
