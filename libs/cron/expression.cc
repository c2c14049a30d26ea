#include "libs/cron/expression.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_split.h"

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::cron {
namespace {

constexpr std::size_t kMaxText = 256;

constexpr std::array<std::string_view, 12> kMonthNames = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                          "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::array<std::string_view, 7> kDayNames = {"SUN", "MON", "TUE", "WED",
                                                       "THU", "FRI", "SAT"};

struct FieldKind {
  std::string_view name;
  int min;
  int max;
  int count;  // of different values, because Sunday is both 0 and 7
  std::span<const std::string_view> value_names = {};  // the first one stands for `min`
};

constexpr std::array<FieldKind, 5> kFields = {{
    {"minute", 0, 59, 60},
    {"hour", 0, 23, 24},
    {"day_of_month", 1, 31, 31},
    {"month", 1, 12, 12, kMonthNames},
    {"day_of_week", 0, 7, 7, kDayNames},
}};

constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMacros = {{
    {"@hourly", "0 * * * *"},
    {"@daily", "0 0 * * *"},
    {"@midnight", "0 0 * * *"},
    {"@weekly", "0 0 * * 0"},
    {"@monthly", "0 0 1 * *"},
    {"@yearly", "0 0 1 1 *"},
    {"@annually", "0 0 1 1 *"},
}};

bool EqualsIgnoringCase(std::string_view a, std::string_view b) {
  return absl::EqualsIgnoreCase(ToAbsl(a), ToAbsl(b));
}

// The caller's text, escaped for messages and logs.
std::string Quote(std::string_view text) {
  return fmt::format("\"{}\"", absl::CHexEscape(ToAbsl(text)));
}

absl::Status Invalid(const std::string& description) {
  return absl::InvalidArgumentError(description);
}

std::vector<std::string_view> Split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  for (const auto part : absl::StrSplit(ToAbsl(text), separator)) parts.push_back(ToStd(part));
  return parts;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  const auto spaces = absl::ByAnyChar(" \t\n\v\f\r");
  for (const auto word : absl::StrSplit(ToAbsl(text), spaces, absl::SkipEmpty())) {
    words.push_back(ToStd(word));
  }
  return words;
}

// Digits only: no sign, no blanks.
std::optional<int> ParseDigits(std::string_view text) {
  int value = 0;
  if (text.empty() || !absl::ascii_isdigit(text.front())) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

absl::StatusOr<int> ParseValue(const FieldKind& kind, std::string_view text) {
  for (std::size_t i = 0; i < kind.value_names.size(); ++i) {
    if (EqualsIgnoringCase(kind.value_names[i], text)) return kind.min + static_cast<int>(i);
  }
  const std::optional<int> value = ParseDigits(text);
  if (value && *value >= kind.min && *value <= kind.max) return *value;
  if (text == "?") return Invalid("\"?\" is not cron; write \"*\"");
  const std::string names =
      kind.value_names.empty() ? "" : fmt::format(" or a name like {}", kind.value_names[1]);
  return Invalid(fmt::format("{} is not a value of this field; use {}-{}{}", Quote(text), kind.min,
                             kind.max, names));
}

// `range` is "*", "value" or "first-last".
absl::StatusOr<std::pair<int, int>> ParseRange(const FieldKind& kind, std::string_view range) {
  if (range == "*") return std::pair(kind.min, kind.max);
  const std::size_t dash = range.find('-');
  LMSMAIL_ASSIGN_OR_RETURN(const int first, ParseValue(kind, range.substr(0, dash)));
  if (dash == std::string_view::npos) return std::pair(first, first);
  LMSMAIL_ASSIGN_OR_RETURN(int last, ParseValue(kind, range.substr(dash + 1)));
  // "FRI-SUN" is a valid range, although SUN is 0.
  const bool ends_on_sunday = EqualsIgnoringCase(range.substr(dash + 1), "SUN");
  if (ends_on_sunday && first > 0) last = 7;
  if (first > last) {
    return Invalid(
        fmt::format("range {} is descending; split it into a list of two ranges", Quote(range)));
  }
  return std::pair(first, last);
}

absl::StatusOr<int> ParseStep(const FieldKind& kind, std::string_view range,
                              std::string_view text) {
  if (range != "*" && range.find('-') == std::string_view::npos) {
    return Invalid(fmt::format("a step needs \"*\" or a range before it; write {}-{}/{}", range,
                               kind.max, absl::CHexEscape(ToAbsl(text))));
  }
  // A longer step matches a single value, which is not what "*/90" for minutes is meant to do.
  const std::optional<int> step = ParseDigits(text);
  if (step && *step >= 1 && *step < kind.count) return *step;
  return Invalid(fmt::format("step {} is outside 1-{}; steps restart with every {}", Quote(text),
                             kind.count - 1,
                             kind.name == "minute" ? "hour"
                             : kind.name == "hour" ? "day"
                                                   : "cycle of the field"));
}

// Bit n of the result stands for the value n.
absl::StatusOr<std::uint64_t> ParseField(const FieldKind& kind, std::string_view field) {
  std::uint64_t values = 0;
  for (const std::string_view item : Split(field, ',')) {
    if (item.empty()) return Invalid("an item of the list is empty; remove the extra comma");
    const std::size_t slash = item.find('/');
    const std::string_view range = item.substr(0, slash);
    LMSMAIL_ASSIGN_OR_RETURN(const auto bounds, ParseRange(kind, range));
    int step = 1;
    if (slash != std::string_view::npos) {
      LMSMAIL_ASSIGN_OR_RETURN(step, ParseStep(kind, range, item.substr(slash + 1)));
    }
    for (int value = bounds.first; value <= bounds.second; value += step) {
      values |= std::uint64_t{1} << value;
    }
  }
  return values;
}

absl::StatusOr<std::string_view> ExpandMacro(std::string_view text) {
  for (const auto& [macro, expansion] : kMacros) {
    if (EqualsIgnoringCase(macro, text)) return expansion;
  }
  return InvalidField(
      "",
      fmt::format("{} is unknown; use @hourly, @daily, @weekly, @monthly, @yearly or five fields",
                  Quote(text)));
}

}  // namespace

bool Expression::MatchesDay(absl::CivilDay day) const {
  if (!MatchesMonth(day.month())) return false;
  // absl::Weekday counts from Monday = 0.
  const int day_of_week = (static_cast<int>(absl::GetWeekday(day)) + 1) % 7;
  const bool month_day = (days_of_month_ >> day.day() & 1) != 0;
  const bool week_day = (days_of_week_ >> day_of_week & 1) != 0;
  const bool either = !day_of_month_starred_ && !day_of_week_starred_;
  return either ? month_day || week_day : month_day && week_day;
}

bool Expression::Matches(absl::CivilMinute minute) const {
  return MatchesMinute(minute.minute()) && MatchesHour(minute.hour()) &&
         MatchesDay(absl::CivilDay(minute));
}

bool Expression::EveryHour() const { return hours_ == (std::uint64_t{1} << 24) - 1; }

absl::StatusOr<Expression> Parse(std::string_view text) {
  if (text.size() > kMaxText) {
    return InvalidField(
        "", fmt::format("is {} characters long; at most {} are allowed", text.size(), kMaxText));
  }
  std::vector<std::string_view> words = Words(text);
  if (words.size() == 1 && words.front().starts_with('@')) {
    LMSMAIL_ASSIGN_OR_RETURN(const std::string_view expansion, ExpandMacro(words.front()));
    words = Words(expansion);
  }
  if (words.size() != kFields.size()) {
    return InvalidField(
        "", fmt::format("has {} fields; write five: minute hour day-of-month month day-of-week",
                        words.size()));
  }

  Violations violations;
  std::array<std::uint64_t, kFields.size()> values = {};
  for (std::size_t i = 0; i < kFields.size(); ++i) {
    const absl::StatusOr<std::uint64_t> parsed = ParseField(kFields[i], words[i]);
    if (parsed.ok()) {
      values[i] = *parsed;
    } else {
      violations.Add(std::string(kFields[i].name), std::string(parsed.status().message()));
    }
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());

  Expression expression;
  expression.text_ = std::string(text);
  expression.minutes_ = values[0];
  expression.hours_ = values[1];
  expression.days_of_month_ = values[2];
  expression.months_ = values[3];
  expression.days_of_week_ = (values[4] | values[4] >> 7) & 0x7f;
  expression.day_of_month_starred_ = words[2].starts_with('*');
  expression.day_of_week_starred_ = words[4].starts_with('*');
  return expression;
}

}  // namespace lmsmail::cron
