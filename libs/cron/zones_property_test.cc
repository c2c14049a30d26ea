// Properties that must hold in every time zone. Each is checked around changes of the UTC offset,
// against a plain loop over all minutes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "libs/cron/occurrence.h"
#include "libs/testing/status_matchers.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::cron {
namespace {

using ::testing::Gt;
using ::testing::SizeIs;

constexpr char kZoneTable[] = "/usr/share/zoneinfo/zone1970.tab";

// The third column of the table; lines that start with "#" are comments.
std::vector<std::string> ZoneNames() {
  std::vector<std::string> names;
  std::ifstream table(kZoneTable);
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    std::istringstream columns(line);
    std::string countries, coordinates, name;
    columns >> countries >> coordinates >> name;
    names.push_back(name);
  }
  return names;
}

// The last `count` changes of the UTC offset before 2027.
std::vector<absl::Time> Changes(absl::TimeZone zone, std::size_t count) {
  std::vector<absl::Time> changes;
  absl::Time time = absl::FromCivil(absl::CivilYear(2027), absl::UTCTimeZone());
  const absl::Time first = absl::FromCivil(absl::CivilYear(1971), absl::UTCTimeZone());
  absl::TimeZone::CivilTransition change;
  while (changes.size() < count && zone.PrevTransition(time, &change)) {
    time = zone.At(change.to).trans;
    if (time < first) break;
    changes.push_back(time);
  }
  return changes;
}

// The documentation of Next() as plain code: looks at each local minute that the clock shows or,
// when hours are fixed, skips.
std::vector<absl::Time> Expected(const Expression& expression, absl::TimeZone zone,
                                 absl::Time after, absl::Time until) {
  std::vector<absl::Time> runs;
  const absl::CivilMinute first(zone.At(after).cs - 2 * 86400);
  const absl::CivilMinute last(zone.At(until).cs + 2 * 86400);
  for (absl::CivilMinute minute = first; minute <= last; ++minute) {
    if (!expression.Matches(minute)) continue;
    const absl::TimeZone::TimeInfo info = zone.At(absl::CivilSecond(minute));
    switch (info.kind) {
      case absl::TimeZone::TimeInfo::UNIQUE:
        runs.push_back(info.pre);
        break;
      case absl::TimeZone::TimeInfo::SKIPPED:
        if (!expression.EveryHour()) runs.push_back(info.trans);
        break;
      case absl::TimeZone::TimeInfo::REPEATED:
        runs.push_back(info.pre);
        if (expression.EveryHour()) runs.push_back(info.post);
        break;
    }
  }
  std::sort(runs.begin(), runs.end());
  runs.erase(std::unique(runs.begin(), runs.end()), runs.end());
  std::erase_if(runs, [&](absl::Time run) { return run <= after || run > until; });
  return runs;
}

class EveryZoneTest : public ::testing::TestWithParam<std::string_view> {};

TEST_P(EveryZoneTest, RunsAsDocumentedAroundEveryChange) {
  const std::vector<std::string> names = ZoneNames();
  ASSERT_THAT(names, SizeIs(Gt(300))) << kZoneTable << " comes with the package tzdata";
  ASSERT_OK_AND_ASSIGN(const Expression expression, Parse(GetParam()));
  for (const std::string& name : names) {
    ASSERT_OK_AND_ASSIGN(const absl::TimeZone zone, time_zone::Load(name));
    for (const absl::Time change : Changes(zone, 4)) {
      const absl::Time after = change - absl::Hours(25) - absl::Seconds(17);
      const absl::Time until = change + absl::Hours(25);
      ASSERT_EQ(Between(expression, zone, after, until, 10000),
                Expected(expression, zone, after, until))
          << name << " around " << absl::FormatTime(change, zone);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Expressions, EveryZoneTest,
                         ::testing::Values("*/5 * * * *", "7 * * * *", "0 9 * * *", "30 2 * * *",
                                           "*/20 0-3,23 * * *", "0 0 * * *", "30 */2 * * SUN",
                                           "59 * * * SAT", "15 0 1-7 * SUN"));

TEST(EveryZoneAndInstantTest, NextIsLaterAndNeverDecreases) {
  for (const std::string& name : ZoneNames()) {
    ASSERT_OK_AND_ASSIGN(const absl::TimeZone zone, time_zone::Load(name));
    for (const std::string_view text : {"*/7 * * * *", "10,50 1,2 * * *"}) {
      const Expression expression = *Parse(text);
      for (const absl::Time change : Changes(zone, 1)) {
        absl::Time before = absl::InfinitePast();
        // Steps of 101 seconds reach all positions within a minute.
        for (absl::Time after = change - absl::Hours(3); after < change + absl::Hours(3);
             after += absl::Seconds(101)) {
          const std::optional<absl::Time> next = Next(expression, zone, after);
          ASSERT_TRUE(next.has_value());
          ASSERT_GT(*next, after) << name;
          ASSERT_GE(*next, before) << name;
          before = *next;
        }
      }
    }
  }
}

}  // namespace
}  // namespace lmsmail::cron
