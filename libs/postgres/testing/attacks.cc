#include "libs/postgres/testing/attacks.h"

#include <fmt/format.h>

#include <pqxx/connection>
#include <pqxx/transaction>

#include "libs/postgres/field.h"

namespace lmsmail::postgres {
namespace {

struct Table {
  std::string name;
  std::string column;  // one of its columns
};

std::vector<Table> TablesOf(pqxx::connection& connection, const std::string& schema) {
  pqxx::work tx(connection);
  std::vector<Table> tables;
  for (const pqxx::row& row : tx.exec_params(
           "SELECT c.oid::regclass,"
           "       (SELECT quote_ident(a.attname) FROM pg_attribute a WHERE a.attrelid = c.oid"
           "           AND a.attnum > 0 AND a.attidentity = '' ORDER BY a.attnum LIMIT 1)"
           "  FROM pg_class c"
           " WHERE c.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = $1)"
           "   AND c.relkind IN ('r', 'p')",
           schema)) {
    tables.push_back({Text(row[0]), Text(row[1])});
  }
  return tables;
}

std::vector<std::string> Attacks(pqxx::connection& connection, std::string_view schema,
                                 const std::vector<std::string>& append_only) {
  std::vector<std::string> attacks = {
      fmt::format("CREATE TABLE {}.attack (a int)", schema),
      fmt::format("CREATE FUNCTION {}.attack() RETURNS int LANGUAGE sql AS 'SELECT 1'", schema),
      "CREATE TEMPORARY TABLE attack (a int)",
      "CREATE TABLE public.attack (a int)",
      "CREATE SCHEMA attack",
      "CREATE ROLE attack",
      "SET session_replication_role = replica",
      fmt::format("DROP SCHEMA {} CASCADE", schema),
      fmt::format("DELETE FROM {}.schema_migration", schema),
      fmt::format("INSERT INTO {}.schema_function (name, sha256) VALUES ('a', 'b')", schema)};
  for (const Table& table : TablesOf(connection, std::string(schema))) {
    for (const char* attack :
         {"ALTER TABLE {} DISABLE TRIGGER ALL", "ALTER TABLE {} ADD COLUMN attack int",
          "DROP TABLE {}", "TRUNCATE {}", "COMMENT ON TABLE {} IS NULL"}) {
      attacks.push_back(fmt::format(fmt::runtime(attack), table.name));
    }
  }
  for (const std::string& name : append_only) {
    const std::string table = fmt::format("{}.{}", schema, name);
    attacks.push_back(fmt::format("DELETE FROM {}", table));
    for (const Table& known : TablesOf(connection, std::string(schema))) {
      if (known.name == table) {
        attacks.push_back(fmt::format("UPDATE {0} SET {1} = {1}", table, known.column));
      }
    }
  }
  return attacks;
}

}  // namespace

std::vector<std::string> AttacksThatSucceed(const std::string& dsn, std::string_view schema,
                                            const std::vector<std::string>& append_only) {
  pqxx::connection connection(dsn);
  std::vector<std::string> succeeded;
  for (const std::string& attack : Attacks(connection, schema, append_only)) {
    try {
      pqxx::work tx(connection);
      tx.exec(attack);
      succeeded.push_back(attack);
    } catch (const pqxx::insufficient_privilege&) {  // NOLINT(bugprone-empty-catch): as it must be
    } catch (const std::exception& error) {
      succeeded.push_back(fmt::format("{}: {}", attack, error.what()));
    }
  }
  return succeeded;
}

}  // namespace lmsmail::postgres
