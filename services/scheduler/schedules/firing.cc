#include "services/scheduler/schedules/firing.h"

#include <algorithm>

#include "libs/cron/expression.h"
#include "libs/cron/occurrence.h"

namespace lmsmail::scheduler {
namespace {

constexpr absl::Duration kTick = absl::Nanoseconds(1);  // turns an open bound into a closed one
constexpr std::size_t kMaxCounted = 1000;
constexpr std::size_t kUnlimited = 100'000;  // more than the minutes of the longest catch-up window
// No change of a zone's rules moves local time by more: the date line is 24 hours wide, and a
// school may move from one end of the world to the other.
constexpr absl::Duration kMaxShift = absl::Hours(26);

// The time that the present rules give to the occurrence that was computed as `stored`: itself, or
// else the nearest time of the expression. `stored` when none is near.
absl::Time PresentTimeOf(const cron::Expression& expression, absl::TimeZone zone,
                         absl::Time stored) {
  const std::optional<absl::Time> later = cron::Next(expression, zone, stored - kTick);
  if (later == stored) return stored;
  const std::vector<absl::Time> earlier =
      cron::Between(expression, zone, stored - kMaxShift, stored, kUnlimited);
  if (earlier.empty()) return later && *later - stored <= kMaxShift ? *later : stored;
  if (later && *later - stored < stored - earlier.back()) return *later;
  return earlier.back();
}

}  // namespace

Firing PlanFiring(const Schedule& schedule, absl::TimeZone zone, absl::Time now) {
  Firing firing{.nominal_times = {}, .next_run_time = schedule.next_run_time};
  const auto expression = cron::Parse(schedule.cron);
  if (!expression.ok() || !schedule.next_run_time || *schedule.next_run_time > now) return firing;
  const absl::Time stored = *schedule.next_run_time;
  // The occurrences after the stored one.
  const absl::Time after = std::max(stored, PresentTimeOf(*expression, zone, stored));
  firing.next_run_time = cron::Next(*expression, zone, std::max(after, now));

  const absl::Duration window = schedule.catch_up == CatchUp::kSkip
                                    ? kOnTime - kTick
                                    : std::max(schedule.catch_up_window, kOnTime - kTick);
  auto& nominal_times = firing.nominal_times;
  nominal_times =
      cron::Between(*expression, zone, std::max(after, now - window - kTick), now, kUnlimited);
  if (stored >= now - window) nominal_times.insert(nominal_times.begin(), stored);
  const std::size_t max_runs = schedule.catch_up == CatchUp::kAll ? kMaxCaughtUp : 1;
  if (nominal_times.size() > max_runs) {
    nominal_times.erase(nominal_times.begin(),
                        nominal_times.end() - static_cast<std::ptrdiff_t>(max_runs));
  }
  const absl::Time first_run = nominal_times.empty() ? now + kTick : nominal_times.front();
  if (stored < first_run) {
    firing.missed =
        1 + cron::Between(*expression, zone, after, first_run - kTick, kMaxCounted - 1).size();
  }
  return firing;
}

std::optional<absl::Time> PlanAnew(const Schedule& schedule, absl::TimeZone zone, absl::Time now) {
  const auto expression = cron::Parse(schedule.cron);
  if (!expression.ok()) return schedule.next_run_time;
  if (!schedule.next_run_time) return cron::Next(*expression, zone, now);
  if (*schedule.next_run_time <= now) return schedule.next_run_time;
  const absl::Time present = PresentTimeOf(*expression, zone, *schedule.next_run_time);
  return present > now ? present : *schedule.next_run_time;
}

}  // namespace lmsmail::scheduler
