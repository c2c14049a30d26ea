#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

// Converts between absl::Time and the text of timestamptz. PostgreSQL keeps whole microseconds, so
// times are rounded towards the past. Infinities are the same in both.
namespace lmsmail::postgres {

// "2024-11-25 09:00:00.000000+00", always in UTC.
std::string ToTimestamptz(absl::Time time);

// Reads timestamptz output in DateStyle ISO, which all sessions of a Pool use.
absl::StatusOr<absl::Time> ParseTimestamptz(std::string_view text);

}  // namespace lmsmail::postgres
