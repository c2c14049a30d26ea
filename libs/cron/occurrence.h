#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "libs/cron/expression.h"

// When a cron expression runs in a time zone. Where the UTC offset changes, the runs depend on
// whether the expression matches every hour:
//
// * It does not ("0 9 * * MON", "*/5 2 * * *", "30 */2 * * *"): each matching local time runs
//   exactly once. A local time that the clock skips runs at the first instant after the gap;
//   several runs at the same instant are one. Of a local time that occurs twice, the first one
//   runs.
// * It does ("*/5 * * * *", "0 * * * *"): it runs whenever the local clock shows a matching time,
// so
//   "*/5" runs every five minutes. Skipped times do not run, and a repeated hour runs twice.
//
// This is how Vixie cron treats fixed-time and wildcard jobs, except that Vixie cron asks whether
// the minute or the hour was written with a "*".
//
// Pure functions. Thread-safe.
namespace lmsmail::cron {

// The first run after `strictly_after`; nullopt when there is none, as for February 30. Pass the
// nominal time of the previous run, not the time at which it ran, so that no run is lost or
// repeated. Covers the years 1970 to 2400.
std::optional<absl::Time> Next(const Expression& expression, absl::TimeZone zone,
                               absl::Time strictly_after);

// The runs in (`strictly_after`, `until`], in order; the first `max_count` when there are more.
std::vector<absl::Time> Between(const Expression& expression, absl::TimeZone zone,
                                absl::Time strictly_after, absl::Time until, std::size_t max_count);

}  // namespace lmsmail::cron
