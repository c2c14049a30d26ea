#include "libs/service/schema_preparation.h"

#include "libs/postgres/dsn.h"
#include "libs/postgres/schema_check.h"
#include "libs/status/status_macros.h"

namespace lmsmail::service {

absl::Status MigrateSchema(const PostgresConfig& config, const std::string& name,
                           const postgres::SchemaDefinition& definition) {
  if (config.MigratorDsn().empty()) return postgres::Migrate(config.Dsn(), name, definition);
  postgres::MigrationOptions options;
  LMSMAIL_ASSIGN_OR_RETURN(options.service_role, postgres::RoleOf(config.Dsn()));
  LMSMAIL_ASSIGN_OR_RETURN(const std::string migrator, postgres::RoleOf(config.MigratorDsn()));
  if (options.service_role == migrator) options.service_role.clear();
  return postgres::Migrate(config.MigratorDsn(), name, definition, options);
}

absl::Status PrepareSchema(const PostgresConfig& config, const std::string& name,
                           const postgres::SchemaDefinition& definition, postgres::Pool& pool) {
  if (config.migrate) LMSMAIL_RETURN_IF_ERROR(MigrateSchema(config, name, definition));
  return postgres::CheckSchema(pool, name, definition);
}

}  // namespace lmsmail::service
