#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// absl::Time and the text form of timestamptz. PostgreSQL keeps whole microseconds: what is finer
// is cut off, towards the past. absl's infinities are PostgreSQL's.
namespace lmsmail::postgres {

// "2024-11-25 09:00:00.000000+00", always in UTC.
std::string ToTimestamptz(absl::Time time);

// Reads timestamptz output in DateStyle ISO, which every session of a Pool has.
absl::StatusOr<absl::Time> ParseTimestamptz(std::string_view text);

}  // namespace lmsmail::postgres
