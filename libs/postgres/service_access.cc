#include "libs/postgres/service_access.h"

#include <fmt/format.h>

#include <vector>

#include "libs/postgres/field.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::postgres {
namespace {

// Returns what is to be run. The grantee 0 is PUBLIC; sequences of identity columns need no right.
constexpr char kStatements[] = R"sql(
WITH role AS (
  SELECT r.oid, quote_ident(r.rolname) AS name FROM pg_roles r WHERE r.rolname = $2
), namespace AS (
  SELECT n.* FROM pg_namespace n WHERE n.nspname = $1
), object AS (
  SELECT 'SCHEMA ' || quote_ident(n.nspname) AS name, n.nspowner AS owner,
         coalesce(n.nspacl, acldefault('n', n.nspowner)) AS acl, ARRAY['USAGE'] AS wanted
    FROM namespace n
  UNION ALL
  SELECT CASE c.relkind WHEN 'S' THEN 'SEQUENCE ' ELSE 'TABLE ' END || c.oid::regclass, c.relowner,
         coalesce(c.relacl,
                  acldefault(CASE c.relkind WHEN 'S' THEN 's' ELSE 'r' END::"char", c.relowner)),
         CASE WHEN c.relkind = 'S' THEN ARRAY['USAGE']
              WHEN c.relname IN ('schema_migration', 'schema_function') THEN ARRAY['SELECT']
              WHEN obj_description(c.oid, 'pg_class') LIKE 'append-only%'
                THEN ARRAY['INSERT', 'SELECT']
              ELSE ARRAY['DELETE', 'INSERT', 'SELECT', 'UPDATE'] END
    FROM namespace n JOIN pg_class c ON c.relnamespace = n.oid
   WHERE c.relkind IN ('r', 'p', 'v', 'S') AND NOT c.relispartition
     AND NOT EXISTS (SELECT FROM pg_depend d
                      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                        AND d.objsubid = 0 AND d.deptype = 'i')
  UNION ALL
  SELECT 'FUNCTION ' || p.oid::regprocedure, p.proowner,
         coalesce(p.proacl, acldefault('f', p.proowner)),
         CASE WHEN p.prorettype = 'trigger'::regtype THEN ARRAY[]::text[] ELSE ARRAY['EXECUTE'] END
    FROM namespace n JOIN pg_proc p ON p.pronamespace = n.oid
)
SELECT format('REVOKE ALL ON %s FROM PUBLIC', o.name)
  FROM object o WHERE EXISTS (SELECT FROM aclexplode(o.acl) a WHERE a.grantee = 0)
UNION ALL
SELECT format('REVOKE ALL ON %s FROM %s', o.name, r.name)
       || CASE WHEN o.wanted = '{}' THEN ''
               ELSE format('; GRANT %s ON %s TO %s', array_to_string(o.wanted, ', '), o.name,
                           r.name) END
  FROM object o CROSS JOIN role r
 WHERE o.wanted <> ARRAY(SELECT a.privilege_type FROM aclexplode(o.acl) a
                          WHERE a.grantee = r.oid ORDER BY 1)
)sql";

}  // namespace

absl::Status CheckOwnership(pqxx::transaction_base& tx, const std::string& schema) {
  const pqxx::result foreign = tx.exec_params(
      "SELECT DISTINCT pg_get_userbyid(o.owner), quote_ident(pg_get_userbyid(o.owner)),"
      "                quote_ident(current_user)"
      "  FROM (SELECT n.oid, n.nspowner AS owner FROM pg_namespace n WHERE n.nspname = $1"
      "        UNION SELECT n.oid, c.relowner FROM pg_namespace n"
      "                JOIN pg_class c ON c.relnamespace = n.oid WHERE n.nspname = $1"
      "        UNION SELECT n.oid, p.proowner FROM pg_namespace n"
      "                JOIN pg_proc p ON p.pronamespace = n.oid WHERE n.nspname = $1) o"
      " WHERE NOT pg_has_role(o.owner, 'USAGE')",
      schema);
  if (foreign.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "the database schema {} belongs to the role {}, but {} is to migrate it: let a superuser run "
      "REASSIGN OWNED BY {} TO {}",
      schema, Text(foreign[0][0]), Text(foreign[0][2]), Text(foreign[0][1]), Text(foreign[0][2])));
}

absl::Status CheckServiceRole(pqxx::transaction_base& tx, const std::string& schema,
                              const std::string& role) {
  const pqxx::result found = tx.exec_params(
      "SELECT r.rolsuper OR r.rolcreaterole, o.name,"
      "       has_database_privilege(r.oid, current_database(), 'CREATE')"
      "         OR has_database_privilege(r.oid, current_database(), 'TEMPORARY'),"
      "       quote_ident(r.rolname), quote_ident(current_database())"
      "  FROM pg_roles r LEFT JOIN ("
      "       SELECT current_user::text AS name"
      "       UNION ALL SELECT pg_get_userbyid(n.nspowner) FROM pg_namespace n WHERE n.nspname = $2"
      "       ) o ON pg_has_role(r.oid, o.name, 'MEMBER')"
      " WHERE r.rolname = $1 LIMIT 1",
      role, schema);
  if (found.empty()) {
    return absl::FailedPreconditionError(fmt::format(
        "the role {} of the service's DSN does not exist: create it with CREATE ROLE ... LOGIN",
        role));
  }
  const std::string name = Text(found[0][3]);
  if (found[0][0].as<bool>()) {
    return absl::FailedPreconditionError(
        fmt::format("the role {} of the service's DSN may do anything: run ALTER ROLE {} "
                    "NOSUPERUSER NOCREATEROLE, or give the service another role",
                    role, name));
  }
  if (!found[0][1].is_null()) {
    const std::string owner = Text(found[0][1]);
    return absl::FailedPreconditionError(fmt::format(
        "the role {} of the service's DSN is, or is a member of, the role {} that owns the schema "
        "{}: run REVOKE {} FROM {}, or give the service another role",
        role, owner, schema, owner, name));
  }
  if (found[0][2].as<bool>()) {
    telemetry::LogWarning(
        "the service's role may create objects in the database",
        {{"role", role},
         {"remedy", fmt::format("REVOKE CREATE, TEMPORARY ON DATABASE {} FROM PUBLIC, {}",
                                Text(found[0][4]), name)}});
  }
  return absl::OkStatus();
}

void GrantAccess(pqxx::transaction_base& tx, const std::string& schema, const std::string& role) {
  std::vector<std::string> statements;
  for (const pqxx::row& row : tx.exec_params(kStatements, schema, role)) {
    statements.push_back(Text(row[0]));
  }
  for (const std::string& statement : statements) tx.exec(statement);
}

}  // namespace lmsmail::postgres
