#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace lmsmail::postgres {

using NamedValues = std::vector<std::pair<std::string, std::string>>;

// Makes a libpq connection string of `dsn` (keywords or URI), connection `parameters` and session
// `settings`; `dsn` overrides the other two. Settings are part of the first packet, so they cost no
// round trip and apply before anything runs. INVALID_ARGUMENT when `dsn` is malformed; the message
// does not repeat it, because it may hold a password.
absl::StatusOr<std::string> MakeConninfo(std::string_view dsn, const NamedValues& parameters,
                                         const NamedValues& settings);

// Whether `name` is a schema name that needs no quotes: a lower-case letter, then [a-z0-9_], at
// most 63 characters.
bool IsPlainIdentifier(std::string_view name);

}  // namespace lmsmail::postgres
