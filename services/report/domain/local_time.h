#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

#include "libs/calendar/iso_week.h"

// The local time at which students get the mail about a week.
namespace lmsmail::report {

// Accepts "2026-11-23T09:00" and no other form.
std::optional<absl::CivilMinute> ParseLocalTime(std::string_view text);
std::string FormatLocalTime(absl::CivilMinute time);

// Whether it lies in the seven days after `week`.
bool IsAfterWeek(absl::CivilMinute time, const IsoWeek& week);

// When a clock of `zone` shows `time`, or that time of a later day if `end_of_week` comes after it:
// the week is that of the school's zone. A time that the clock skips is the end of the gap; one
// that it shows twice is the first.
absl::Time InstantOf(absl::CivilMinute time, absl::TimeZone zone, absl::Time end_of_week);

}  // namespace lmsmail::report
