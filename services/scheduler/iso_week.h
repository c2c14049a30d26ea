#pragma once

#include <string>

#include "absl/time/time.h"

namespace lmsmail::scheduler {

// The ISO 8601 week before the one that `time` lies in, where clocks are those of `zone`:
// "2026-W47". A week begins on Monday and belongs to the year that its Thursday lies in.
std::string IsoWeekBefore(absl::Time time, absl::TimeZone zone);

}  // namespace lmsmail::scheduler
