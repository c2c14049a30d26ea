#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Time zones of the IANA database by name ("Europe/Berlin", "UTC"). Names come from outside, so
// nothing else that Abseil accepts is a name here: no file paths, fixed offsets or host defaults.
namespace lmsmail::time_zone {

bool IsValid(std::string_view name);

// The name as the database spells it: names are valid in whatever case ("europe/berlin").
// INVALID_ARGUMENT, with the field "time_zone", for other names; the error tells the name to use
// instead of one of Windows or Rails.
absl::StatusOr<std::string> CanonicalName(std::string_view name);

// INVALID_ARGUMENT, with the field "time_zone", when the name is not valid. The rules are those of
// the database when it was last read, see database.h; the zone's own name() may be a path.
absl::StatusOr<absl::TimeZone> Load(std::string_view name);

}  // namespace lmsmail::time_zone
