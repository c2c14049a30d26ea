#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"

#include "libs/postgres/migration.h"
#include "libs/postgres/pool.h"

namespace lmsmail::postgres {

// Whether somebody else has brought `schema` up to `definition`. UNAVAILABLE, naming what is
// missing, while not. An earlier release finds its functions replaced by later ones, as it does
// when it migrates itself. FAILED_PRECONDITION as for Migrate().
absl::Status CheckSchema(Pool& pool, const std::string& schema, const SchemaDefinition& definition);

}  // namespace lmsmail::postgres
