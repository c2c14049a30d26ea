#pragma once

#include <functional>
#include <map>
#include <pqxx/transaction_base>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/types/span.h"

#include "libs/postgres/migration.h"

// What was applied to a schema: <schema>.schema_migration and <schema>.schema_function, with the
// SHA-256 of each file's text.
namespace lmsmail::postgres {

struct SchemaLedger {
  std::map<std::string, std::string, std::less<>> migrations = {};  // text by name
  std::map<std::string, std::string, std::less<>> functions = {};   // the texts in force
  // All texts that were ever applied: an earlier release finds its own here.
  std::set<std::pair<std::string, std::string>> past_functions = {};

  // Whether the schema has a migration that this release does not know.
  bool IsNewerThan(absl::Span<const SqlFile> known) const;
};

void CreateLedger(pqxx::transaction_base& tx, std::string_view schema);
SchemaLedger ReadLedger(pqxx::transaction_base& tx, std::string_view schema);
void RecordMigration(pqxx::transaction_base& tx, std::string_view schema, const SqlFile& file);
void RecordFunctions(pqxx::transaction_base& tx, std::string_view schema, const SqlFile& file);

// FAILED_PRECONDITION when `migration` was applied and its text has changed since.
absl::Status CheckUnchanged(const SchemaLedger& ledger, std::string_view schema,
                            const SqlFile& migration);

}  // namespace lmsmail::postgres
