#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "absl/time/time.h"

#include "services/scheduler/schedule.h"

namespace lmsmail::scheduler {

// What a schedule whose next_run_time has come is to do.
struct Firing {
  std::vector<absl::Time> nominal_times;    // to run, oldest first
  std::optional<absl::Time> next_run_time;  // after now
  std::size_t missed = 0;                   // left out by the catch-up policy; counts to 1000
};

// A run is on time when less than this late, whatever the catch-up policy.
inline constexpr absl::Duration kOnTime = absl::Minutes(1);
// The most runs that CatchUp::kAll makes up for at once: the latest of those missed.
inline constexpr std::size_t kMostCaughtUp = 10;

// Pure. Follows nominal times only, so when it is called does not move any run. Nothing to run when
// the schedule has no next_run_time or it lies ahead.
Firing PlanFiring(const Schedule& schedule, absl::Time now);

}  // namespace lmsmail::scheduler
