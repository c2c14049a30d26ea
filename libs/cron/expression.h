#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"

// Cron expressions of Vixie cron's crontab(5): which local minutes a schedule matches. occurrence.h
// computes the instants of these minutes in a time zone.
namespace lmsmail::cron {

// Immutable. Made by Parse(). Copies are cheap.
class Expression {
 public:
  // The original text, with macros not expanded.
  const std::string& text() const { return text_; }

  // The rule of Vixie cron: when day of month or day of week starts with "*", both must match.
  // Otherwise one of them is enough: "0 9 1,15 * FRI" matches the 1st, the 15th and Fridays.
  bool MatchesDay(absl::CivilDay day) const;
  bool MatchesMonth(int month) const { return (months_ >> month & 1) != 0; }
  bool MatchesHour(int hour) const { return (hours_ >> hour & 1) != 0; }
  bool MatchesMinute(int minute) const { return (minutes_ >> minute & 1) != 0; }
  bool Matches(absl::CivilMinute minute) const;

  // Whether every hour matches, in any spelling ("*", "*/1", "0-23").
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

// Accepts five fields, "minute hour day-of-month month day-of-week". Each is a list of "*",
// values and ranges; "*" and ranges may have a "/step". JAN-DEC and MON-SUN are values in any
// case; 0 and 7 are Sunday. Also accepts @hourly, @daily (@midnight), @weekly, @monthly and
// @yearly (@annually).
//
// INVALID_ARGUMENT has one violation per invalid field, named "minute", "hour", "day_of_month",
// "month" or "day_of_week". An error of the whole text has an empty field name, so that
// Violations::AddNested() shows the caller's own field.
absl::StatusOr<Expression> Parse(std::string_view text);

}  // namespace lmsmail::cron
