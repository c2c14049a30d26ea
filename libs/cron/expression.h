#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

// Cron expressions as crontab(5) of Vixie cron has them: which local minutes a schedule names.
// Which instants those are in a time zone is occurrence.h's subject.
namespace lmsmail::cron {

// Immutable; made by Parse(). Copies are cheap.
class Expression {
 public:
  // As it was written, macros unexpanded.
  const std::string& text() const { return text_; }

  // Vixie's rule: day of month and day of week must both match while one of them starts with "*";
  // when both are restricted, one of them is enough ("0 9 1,15 * FRI": the 1st, the 15th and
  // Fridays).
  bool MatchesDay(absl::CivilDay day) const;
  bool MatchesMonth(int month) const { return (months_ >> month & 1) != 0; }
  bool MatchesHour(int hour) const { return (hours_ >> hour & 1) != 0; }
  bool MatchesMinute(int minute) const { return (minutes_ >> minute & 1) != 0; }
  bool Matches(absl::CivilMinute minute) const;

  // Whether no hour is left out, however that was written ("*", "*/1", "0-23").
  bool EveryHour() const;

 private:
  friend absl::StatusOr<Expression> Parse(std::string_view text);
  Expression() = default;

  // Bit n stands for the value n; Sunday is bit 0.
  std::uint64_t minutes_ = 0;
  std::uint64_t hours_ = 0;
  std::uint64_t days_of_month_ = 0;
  std::uint64_t months_ = 0;
  std::uint64_t days_of_week_ = 0;
  bool day_of_month_starred_ = false;
  bool day_of_week_starred_ = false;
  std::string text_;
};

// Five fields, "minute hour day-of-month month day-of-week", each a list of "*", values and ranges,
// the last two and "*" with an optional "/step"; JAN-DEC and MON-SUN in any case; 0 and 7 are
// Sunday. Also @hourly, @daily (@midnight), @weekly, @monthly and @yearly (@annually).
//
// On error: INVALID_ARGUMENT with one violation per faulty field, named "minute", "hour",
// "day_of_month", "month" or "day_of_week"; a fault of the whole has an empty field name, so that
// Violations::AddNested() shows the caller's own field.
absl::StatusOr<Expression> Parse(std::string_view text);

}  // namespace lmsmail::cron
