#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "libs/cron/expression.h"

// When a cron expression comes due in a time zone. What happens where clocks change depends on
// whether the expression names its hours:
//
// * It leaves hours out ("0 9 * * MON", "*/5 2 * * *", "30 */2 * * *"): each local date and time it
//   names runs exactly once. One that the clocks jump over runs at the first instant after the gap,
//   as one run with whatever else falls on that instant; of one that comes twice, the first counts.
// * It runs in every hour ("*/5 * * * *", "0 * * * *"): it follows the clock on the wall through
//   real time, so "*/5" keeps its five minutes. Nothing is made up for after a gap, and the
//   repeated hour has its runs as well.
//
// This is Vixie cron's treatment of fixed-time and wildcard jobs, except that what counts is
// whether hours are left out, not whether the minute or the hour was written with a "*".
//
// Pure functions; thread-safe.
namespace lmsmail::cron {

// The first run after `strictly_after`; nullopt when there is none, as for February 30. Pass the
// nominal time of the run before, not the time at which it was carried out: then no run is lost or
// doubled. Covers the years 1970 to 2400.
std::optional<absl::Time> Next(const Expression& expression, absl::TimeZone zone,
                               absl::Time strictly_after);

// The runs in (`strictly_after`, `until`], in order; the first `max_count` when there are more.
std::vector<absl::Time> Between(const Expression& expression, absl::TimeZone zone,
                                absl::Time strictly_after, absl::Time until, std::size_t max_count);

}  // namespace lmsmail::cron
