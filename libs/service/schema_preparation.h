#pragma once

#include <string>

#include "absl/status/status.h"

#include "libs/postgres/migration.h"
#include "libs/postgres/pool.h"
#include "libs/service/postgres_config.h"

namespace lmsmail::service {

// Brings the schema `name` up to `definition` as the migrator, and gives the service's role its
// rights. Without a migrator the service's own role owns the schema.
absl::Status MigrateSchema(const PostgresConfig& config, const std::string& name,
                           const postgres::SchemaDefinition& definition);

// OK once the schema is up to `definition` and the service may use it, by way of `pool`. Migrates
// it first, unless somebody else does. UNAVAILABLE, naming what is missing, while that has not
// happened.
absl::Status PrepareSchema(const PostgresConfig& config, const std::string& name,
                           const postgres::SchemaDefinition& definition, postgres::Pool& pool);

}  // namespace lmsmail::service
