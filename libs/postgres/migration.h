#pragma once

#include <string_view>

#include "absl/status/status.h"
#include "absl/types/span.h"

namespace lmsmail::postgres {

// One forward step of a schema. `sql` may hold many statements; it runs in one transaction, so it
// contains no BEGIN or COMMIT and nothing that refuses to run inside one (CREATE INDEX
// CONCURRENTLY). CMake's lmsmail_embed_sql makes arrays of these from migrations/NNNN_<what>.sql.
struct Migration {
  std::string_view name;  // "0001_create_tables"
  std::string_view sql;
};

// Brings `schema` of the database at `dsn` up to the last of `migrations`, which are in ascending
// order of name. Creates the schema when it is missing; unqualified names in a migration mean that
// schema. Each step runs in its own transaction and is recorded in <schema>.schema_migration with
// the SHA-256 of its text. Replicas that start together wait for each other.
//
// FAILED_PRECONDITION when a step that was already applied has since been edited. Steps that the
// database has and `migrations` lacks are left alone: an older release may run on a newer schema.
absl::Status Migrate(std::string_view dsn, std::string_view schema,
                     absl::Span<const Migration> migrations);

}  // namespace lmsmail::postgres
