#include "services/preference/domain/quiet_hours.h"

#include "absl/time/civil_time.h"

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::preference {
namespace {

// Returns the minute of the day of "HH:MM", or nullopt for any other text.
std::optional<int> ParseMinute(std::string_view text) {
  const auto digit = [text](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
  if (text.size() != 5 || text[2] != ':') return std::nullopt;
  if (!digit(0) || !digit(1) || !digit(3) || !digit(4)) return std::nullopt;
  const int hour = (text[0] - '0') * 10 + (text[1] - '0');
  const int minute = (text[3] - '0') * 10 + (text[4] - '0');
  if (hour > 23 || minute > 59) return std::nullopt;
  return hour * 60 + minute;
}

}  // namespace

absl::StatusOr<QuietHours> QuietHours::Parse(std::string_view start, std::string_view end) {
  constexpr char kRule[] =
      "must be a local time such as 21:00; leave start and end empty for no quiet hours";
  const std::optional<int> start_minute = ParseMinute(start);
  const std::optional<int> end_minute = ParseMinute(end);
  Violations violations;
  if (!start_minute) violations.Add("start", kRule);
  if (!end_minute) violations.Add("end", kRule);
  if (violations.empty() && start_minute == end_minute) {
    violations.Add("end", "must differ from the start; leave both empty for no quiet hours");
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return QuietHours(*start_minute, *end_minute);
}

std::optional<absl::Time> QuietHours::EndAfter(absl::Time now, absl::TimeZone zone) const {
  const absl::CivilMinute local(zone.At(now).cs);
  const int minute = local.hour() * 60 + local.minute();
  absl::CivilDay end_day(local);
  if (start_minute_ < end_minute_) {
    if (minute < start_minute_ || minute >= end_minute_) return std::nullopt;
  } else {
    if (minute < start_minute_ && minute >= end_minute_) return std::nullopt;
    if (minute >= start_minute_) ++end_day;
  }
  const absl::TimeZone::TimeInfo end =
      zone.At(absl::CivilSecond(absl::CivilMinute(end_day) + end_minute_));
  if (end.kind == absl::TimeZone::TimeInfo::SKIPPED) {
    // A clock change can skip a whole day (Samoa, 2011-12-30). Then the time after it is quiet
    // again.
    return EndAfter(end.trans, zone).value_or(end.trans);
  }
  return end.pre > now ? end.pre : end.post;
}

}  // namespace lmsmail::preference
