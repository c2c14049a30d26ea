#pragma once

#include <pqxx/transaction_base>
#include <string>
#include <string_view>

#include "absl/status/status.h"

// The rights of a service's own role in a schema that another role, the migrator, owns: to read and
// write rows, to use sequences and to call functions. It may not create, alter or drop anything,
// nor disable a trigger.
namespace lmsmail::postgres {

// FAILED_PRECONDITION, with the remedy, when the current user does not own `schema` and all that is
// in it. OK when there is no such schema.
absl::Status CheckOwnership(pqxx::transaction_base& tx, const std::string& schema);

// FAILED_PRECONDITION, with the remedy, when the role does not exist, or could do what only the
// migrator may do, such as a superuser. Logs a warning when it may create objects in the database.
absl::Status CheckServiceRole(pqxx::transaction_base& tx, const std::string& schema,
                              const std::string& role);

// Makes the rights of `role` in `schema` exactly these, and takes those of PUBLIC away:
//
//   tables                      SELECT, INSERT, UPDATE, DELETE
//   tables with the comment     SELECT, INSERT
//     "append-only..."
//   the ledgers of migrations   SELECT
//   sequences                   USAGE
//   functions                   EXECUTE, except trigger functions
//
// A partition is used by way of its table, whose rights count. An empty `role` stands for the
// owner: then only those of PUBLIC are taken away. Changes nothing that is right already.
void GrantAccess(pqxx::transaction_base& tx, const std::string& schema, const std::string& role);

}  // namespace lmsmail::postgres
