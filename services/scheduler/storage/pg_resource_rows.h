#pragma once

#include <cstdint>
#include <optional>
#include <pqxx/transaction>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace lmsmail::scheduler {

// Implements ResourceStore::Delete() on a `table` with the columns `table`_id and revision. `name`
// is the resource's name.
absl::Status DeleteResource(std::string_view table, std::string_view id,
                            std::optional<std::int64_t> revision, const std::string& name,
                            pqxx::work& tx);

}  // namespace lmsmail::scheduler
