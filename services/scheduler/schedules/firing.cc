#include "services/scheduler/schedules/firing.h"

#include <algorithm>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);  // turns an open bound into a closed one
constexpr std::size_t kMaxCounted = 1000;
constexpr std::size_t kUnlimited = 100'000;  // more than the minutes of the longest catch-up window

}  // namespace

Firing PlanFiring(const Schedule& schedule, absl::Time now) {
  Firing firing{.nominal_times = {}, .next_run_time = schedule.next_run_time};
  const auto expression = cron::Parse(schedule.cron);
  const auto zone = time_zone::Load(schedule.time_zone);
  if (!expression.ok() || !zone.ok() || !schedule.next_run_time || *schedule.next_run_time > now) {
    return firing;
  }
  firing.next_run_time = cron::Next(*expression, *zone, now);

  const absl::Duration window = schedule.catch_up == CatchUp::kSkip
                                    ? kOnTime - kTick
                                    : std::max(schedule.catch_up_window, kOnTime - kTick);
  const absl::Time from = std::max(*schedule.next_run_time, now - window);
  auto& nominal_times = firing.nominal_times;
  nominal_times = cron::Between(*expression, *zone, from - kTick, now, kUnlimited);
  const std::size_t max_runs = schedule.catch_up == CatchUp::kAll ? kMaxCaughtUp : 1;
  if (nominal_times.size() > max_runs) {
    nominal_times.erase(nominal_times.begin(),
                        nominal_times.end() - static_cast<std::ptrdiff_t>(max_runs));
  }
  const absl::Time first_run = nominal_times.empty() ? now + kTick : nominal_times.front();
  firing.missed = cron::Between(*expression, *zone, *schedule.next_run_time - kTick,
                                first_run - kTick, kMaxCounted)
                      .size();
  return firing;
}

}  // namespace lmsmail::scheduler
