#pragma once

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/school/school.h"

namespace lmsmail::school {

// The school's time zone.
absl::StatusOr<absl::TimeZone> ZoneOf(SchoolSource& source);

}  // namespace lmsmail::school
