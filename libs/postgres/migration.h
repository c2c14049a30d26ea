#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

namespace lmsmail::postgres {

struct SqlFile {
  std::string_view name;  // "0001_create_tables"
  std::string_view sql;
};

// The schema of one service. CMake's lmsmail_embed_sql makes one of migrations/NNNN_<what>.sql and
// functions/<subject>.sql.
//
// A migration is a forward step and never changes once it was applied. It holds any number of
// statements, runs in one transaction and relies on tables only, not on functions of `functions`.
//
// A migration whose first line is "-- lmsmail: no transaction" runs each statement by itself, as
// CREATE INDEX CONCURRENTLY requires. Each statement ends with a semicolon at the end of a line and
// must be repeatable, because a process may end between the statement and its record: write
// CREATE ... IF NOT EXISTS (checked) and DROP ... IF EXISTS. Before a statement with CONCURRENTLY
// runs, any invalid index that it names is dropped: an interrupted build leaves one.
//
// A comment on a table that begins with "append-only" takes the service's right to change its rows.
//
// A function file holds CREATE OR REPLACE FUNCTION statements. A SECURITY DEFINER function does
// what only the owner may do: it checks its arguments, and its search_path ends with pg_temp. All
// files whose text changed are applied after the migrations, in one transaction. They may call each
// other in any order. A file also holds DROP FUNCTION IF EXISTS for each former signature or name.
//
// During an update, the old and the new release run side by side on the newest schema:
// - Migrations and functions must serve both. Drop what only the old one uses a release later.
// - A release that lacks a migration of the database leaves tables and functions alone.
// - Of two releases with the same migrations, the last one to start sets the functions. A text that
//   the other release cannot use needs a new function name, or a migration beside it.
struct SchemaDefinition {
  absl::Span<const SqlFile> migrations = {};
  absl::Span<const SqlFile> functions = {};
};

// A statement that waits for a table's lock makes all later users of the table wait behind it. So a
// step waits for a short time only, then rolls back, pauses and tries again. Statements with
// CONCURRENTLY make nobody wait and are not limited.
struct MigrationOptions {
  absl::Duration lock_timeout = absl::Seconds(2);
  int max_attempts = 14;  // With pauses of up to 30 s: gives up after about 4 minutes.
  std::function<void(absl::Duration)> sleep = [](absl::Duration d) { absl::SleepFor(d); };
  // Gets the rights that a service needs (service_access.h), and no others. Empty when the service
  // uses the role that migrates.
  std::string service_role = {};
};

// Brings `schema` of the database at `dsn` up to `definition`, whose files are in ascending order
// of name. The role of `dsn` owns the schema and all that is in it. Creates the schema when it is
// missing; unqualified names mean that schema. Records each file with the SHA-256 of its text in
// <schema>.schema_migration and <schema>.schema_function. Processes that start together wait for
// each other.
//
// FAILED_PRECONDITION when a migration that was already applied has since been edited, or when a
// role cannot play its part. ABORTED when a step did not get its locks.
absl::Status Migrate(std::string_view dsn, std::string_view schema,
                     const SchemaDefinition& definition, const MigrationOptions& options = {});

}  // namespace lmsmail::postgres
