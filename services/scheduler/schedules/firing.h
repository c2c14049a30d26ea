#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "services/scheduler/schedules/schedule.h"

namespace lmsmail::scheduler {

// The runs that a schedule makes when its next_run_time has come.
struct Firing {
  std::vector<absl::Time> nominal_times;    // of the new runs, oldest first
  std::optional<absl::Time> next_run_time;  // after now
  std::size_t missed = 0;                   // skipped by the catch-up policy; counted up to 1000
};

// A run that is less late than this is on time and not subject to the catch-up policy.
inline constexpr absl::Duration kOnTime = absl::Minutes(1);
// CatchUp::kAll runs at most this many missed times: the latest ones.
inline constexpr std::size_t kMaxCaughtUp = 10;

// Depends on nominal times only, so calling it late does not shift any run. Plans no run when the
// schedule has no next_run_time or one in the future.
//
// The stored next_run_time is an occurrence, also when the rules of `zone` have changed since it
// was computed: it runs, and the time that the present rules give the same occurrence does not.
Firing PlanFiring(const Schedule& schedule, absl::TimeZone zone, absl::Time now);

// The next_run_time of an active schedule by the present rules of `zone`. An occurrence that the
// present rules put into the past keeps its stored time, so that it is not lost.
std::optional<absl::Time> PlanAnew(const Schedule& schedule, absl::TimeZone zone, absl::Time now);

}  // namespace lmsmail::scheduler
