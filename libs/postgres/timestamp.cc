#include "libs/postgres/timestamp.h"

#include <algorithm>
#include <optional>

#include "absl/strings/ascii.h"
#include "absl/time/civil_time.h"
#include "absl/time/clock.h"

#include "libs/strings/view.h"

namespace lmsmail::postgres {
namespace {

// The digits of `text` as a number, padded with zeros on the right to `places` digits.
int Number(std::string_view text, std::size_t places) {
  int number = 0;
  for (std::size_t i = 0; i < places; ++i) {
    number = number * 10 + (i < text.size() ? text[i] - '0' : 0);
  }
  return number;
}

// Whether `text` matches `form`, in which 0 stands for any digit.
bool HasForm(std::string_view text, std::string_view form) {
  return std::equal(text.begin(), text.end(), form.begin(), form.end(), [](char c, char expected) {
    return expected == '0' ? absl::ascii_isdigit(c) : c == expected;
  });
}

// Parses a time in UTC, as sessions of a Pool print it. A claim reads three times per mail, and
// absl::ParseTime takes half a microsecond for each.
std::optional<absl::Time> ParseUtc(std::string_view text) {
  constexpr std::string_view kForm = "0000-00-00 00:00:00.000000";
  if (!text.ends_with("+00")) return std::nullopt;
  text.remove_suffix(3);
  if (text.size() < 19 || !HasForm(text, kForm.substr(0, text.size()))) return std::nullopt;
  const auto field = [&](std::size_t at) { return Number(text.substr(at, 2), 2); };
  const int month = field(5), day = field(8), hour = field(11), minute = field(14);
  const absl::CivilSecond civil(Number(text.substr(0, 4), 4), month, day, hour, minute, field(17));
  // absl normalizes a 13th month to the next year. Such text is an error here.
  if (civil.month() != month || civil.day() != day || civil.hour() != hour ||
      civil.minute() != minute) {
    return std::nullopt;
  }
  const std::string_view fraction = text.substr(std::min<std::size_t>(20, text.size()));
  return absl::FromCivil(civil, absl::UTCTimeZone()) + absl::Microseconds(Number(fraction, 6));
}

}  // namespace

std::string ToTimestamptz(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> ParseTimestamptz(std::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  if (const auto time = ParseUtc(text)) return *time;
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", ToAbsl(text), &time, /*err=*/nullptr)) {
    return absl::InvalidArgumentError("not a timestamp with time zone in DateStyle ISO");
  }
  return time;
}

}  // namespace lmsmail::postgres
