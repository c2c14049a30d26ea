#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace lmsmail {

// A week of ISO 8601. It begins on Monday and belongs to the year of its Thursday.
class IsoWeek {
 public:
  IsoWeek() = default;  // the week of 1970-01-01
  explicit IsoWeek(absl::CivilDay any_day);

  // Accepts "2026-W47" and no other form. nullopt for a week that its year does not have.
  static std::optional<IsoWeek> Parse(std::string_view text);
  // The last week that had ended by `now` in `zone`.
  static IsoWeek LastWhole(absl::Time now, absl::TimeZone zone);

  std::string ToString() const;

  absl::CivilDay first_day() const { return monday_; }
  absl::CivilDay last_day() const { return monday_ + 6; }

  // The start of each of its days in `zone`, then the end of the week: 8 times. A day is shorter or
  // longer when the UTC offset changes.
  std::vector<absl::Time> DayBounds(absl::TimeZone zone) const;

  friend bool operator==(const IsoWeek& a, const IsoWeek& b) { return a.monday_ == b.monday_; }
  friend std::strong_ordering operator<=>(const IsoWeek& a, const IsoWeek& b) {
    return (a.monday_ - b.monday_) <=> 0;
  }

 private:
  absl::CivilDay monday_{1969, 12, 29};
};

}  // namespace lmsmail
