#include "services/scheduler/firing.h"

#include <algorithm>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"
#include "libs/cron/zone.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);  // makes an open bound a closed one
constexpr std::size_t kMostCounted = 1000;
constexpr std::size_t kUnlimited = 100'000;  // more than a catch-up window has minutes

}  // namespace

Firing PlanFiring(const Schedule& schedule, absl::Time now) {
  Firing firing{.nominal_times = {}, .next_run_time = schedule.next_run_time};
  const auto expression = cron::Parse(schedule.cron);
  const auto zone = cron::LoadZone(schedule.time_zone);
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
  const std::size_t most = schedule.catch_up == CatchUp::kAll ? kMostCaughtUp : 1;
  if (nominal_times.size() > most) {
    nominal_times.erase(nominal_times.begin(),
                        nominal_times.end() - static_cast<std::ptrdiff_t>(most));
  }
  const absl::Time kept_from = nominal_times.empty() ? now + kTick : nominal_times.front();
  firing.missed = cron::Between(*expression, *zone, *schedule.next_run_time - kTick,
                                kept_from - kTick, kMostCounted)
                      .size();
  return firing;
}

}  // namespace lmsmail::scheduler
