#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::postgres {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// A libpq connection string made of `dsn` (keywords or URI) and, where `dsn` does not say
// otherwise, connection `parameters` and session `settings`. The settings travel in the first
// packet, so they cost no round trip and hold before anything runs. INVALID_ARGUMENT, without
// repeating `dsn` or its password, when it is malformed.
absl::StatusOr<std::string> MakeConninfo(std::string_view dsn, const NamedValues& parameters,
                                         const NamedValues& settings);

// Whether `name` can be used as a schema unquoted: a lower-case letter, then [a-z0-9_], at most 63.
bool IsPlainIdentifier(std::string_view name);

}  // namespace lmsmail::postgres
