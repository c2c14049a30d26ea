#include "services/scheduler/storage/pg_resource_rows.h"

#include <fmt/format.h>

#include <pqxx/result>

#include "libs/status/error_details.h"

namespace lmsmail::scheduler {

absl::Status DeleteResource(std::string_view table, std::string_view id,
                            std::optional<std::int64_t> revision, const std::string& name,
                            pqxx::work& tx) {
  const pqxx::result rows = tx.exec_params(
      fmt::format("SELECT revision FROM {0} WHERE {0}_id = $1 FOR UPDATE", table), std::string(id));
  if (rows.empty()) return NotFound(name);
  if (revision && rows[0][0].as<std::int64_t>() != *revision) return EtagMismatch(name);
  tx.exec_params0(fmt::format("DELETE FROM {0} WHERE {0}_id = $1", table), std::string(id));
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
