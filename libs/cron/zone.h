#pragma once

#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::cron {

// A time zone of the IANA database by its name ("Europe/Berlin", "UTC"). Names come from outside,
// so nothing else that Abseil would take is accepted: no file paths, fixed offsets or host
// defaults. The error's field is "time_zone".
absl::StatusOr<absl::TimeZone> LoadZone(std::string_view name);

}  // namespace lmsmail::cron
