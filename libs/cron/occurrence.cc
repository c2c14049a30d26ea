#include "libs/cron/occurrence.h"

#include <algorithm>
#include <cstdint>

namespace lmsmail::cron {
namespace {

// February 29 falls on a given day of the week at least every 40 years (across 2100, which is no
// leap year). Any other day that exists comes sooner.
constexpr int kMaxWaitYears = 41;
constexpr absl::civil_year_t kLastYear = 2400;

absl::CivilDay SearchEnd(absl::CivilMinute from) {
  return absl::CivilDay(std::min(from.year() + kMaxWaitYears, kLastYear + 1), 1, 1);
}

// The first matching minute at or after `from` on the same day.
std::optional<absl::CivilMinute> FirstMatchOfDay(const Expression& expression,
                                                 absl::CivilMinute from) {
  int minute = from.minute();
  for (int hour = from.hour(); hour < 24; ++hour, minute = 0) {
    if (!expression.MatchesHour(hour)) continue;
    for (; minute < 60; ++minute) {
      if (!expression.MatchesMinute(minute)) continue;
      return absl::CivilMinute(from.year(), from.month(), from.day(), hour, minute);
    }
  }
  return std::nullopt;
}

// The first matching minute at or after `from` and before `end`.
std::optional<absl::CivilMinute> FirstMatch(const Expression& expression, absl::CivilMinute from,
                                            absl::CivilDay end) {
  for (absl::CivilDay day(from); day < end;) {
    if (!expression.MatchesMonth(day.month())) {
      day = absl::CivilDay(absl::CivilMonth(day) + 1);
      continue;
    }
    if (expression.MatchesDay(day)) {
      const auto match = FirstMatchOfDay(expression, std::max(from, absl::CivilMinute(day)));
      if (match) return match;
    }
    ++day;
  }
  return std::nullopt;
}

// The instant of a local minute that runs exactly once. Never decreases as `minute` grows.
absl::Time OnlyInstantOf(absl::TimeZone zone, absl::CivilMinute minute) {
  const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(minute));
  return info.kind == absl::TimeZone::TimeInfo::SKIPPED ? info.trans : info.pre;
}

// `after` is a whole second.
std::optional<absl::Time> NextOncePerLocalMinute(const Expression& expression, absl::TimeZone zone,
                                                 absl::Time after) {
  // The minute that the clock shows at `after` has its instant no later than `after`.
  absl::CivilMinute from(zone.At(after).cs);
  const absl::CivilDay end = SearchEnd(from);
  while (const auto match = FirstMatch(expression, from, end)) {
    const absl::Time instant = OnlyInstantOf(zone, *match);
    if (instant > after) return instant;
    from = *match + 1;
  }
  return std::nullopt;
}

// `after` is a whole second.
std::optional<absl::Time> NextByRealTime(const Expression& expression, absl::TimeZone zone,
                                         absl::Time after) {
  // Between two changes of the UTC offset, local time and real time advance together. So search one
  // such period after another. A year has about two; `end` bounds the search.
  absl::Time from = after + absl::Seconds(1);
  const absl::CivilDay end = SearchEnd(absl::CivilMinute(zone.At(from).cs));
  while (true) {
    const absl::CivilSecond shown = zone.At(from).cs;
    const absl::CivilMinute minute(shown);
    const auto match = FirstMatch(expression, shown.second() == 0 ? minute : minute + 1, end);
    if (!match) return std::nullopt;
    const absl::Time instant = from + absl::Seconds(absl::CivilSecond(*match) - shown);
    absl::TimeZone::CivilTransition change;
    if (!zone.NextTransition(from, &change)) return instant;
    const absl::Time changed = zone.At(change.to).trans;
    if (instant < changed) return instant;
    from = changed;
  }
}

}  // namespace

std::optional<absl::Time> Next(const Expression& expression, absl::TimeZone zone,
                               absl::Time strictly_after) {
  const absl::Time last = absl::FromCivil(absl::CivilYear(kLastYear), absl::UTCTimeZone());
  if (strictly_after > last) return std::nullopt;
  // Runs are at whole seconds, so none lies between `strictly_after` and the start of its second.
  const std::int64_t second = std::max<std::int64_t>(absl::ToUnixSeconds(strictly_after), -1);
  const absl::Time after = absl::FromUnixSeconds(second);
  return expression.EveryHour() ? NextByRealTime(expression, zone, after)
                                : NextOncePerLocalMinute(expression, zone, after);
}

std::vector<absl::Time> Between(const Expression& expression, absl::TimeZone zone,
                                absl::Time strictly_after, absl::Time until,
                                std::size_t max_count) {
  std::vector<absl::Time> runs;
  absl::Time after = strictly_after;
  while (runs.size() < max_count) {
    const std::optional<absl::Time> run = Next(expression, zone, after);
    if (!run || *run > until) break;
    runs.push_back(*run);
    after = *run;
  }
  return runs;
}

}  // namespace lmsmail::cron
