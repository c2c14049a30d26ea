#include "libs/postgres/timestamp.h"

#include "absl/time/clock.h"

#include "libs/strings/view.h"

namespace lmsmail::postgres {

std::string ToTimestamptz(absl::Time time) {
  if (time == absl::InfiniteFuture()) return "infinity";
  if (time == absl::InfinitePast()) return "-infinity";
  return absl::FormatTime("%Y-%m-%d %H:%M:%E6S+00", time, absl::UTCTimeZone());
}

absl::StatusOr<absl::Time> ParseTimestamptz(std::string_view text) {
  if (text == "infinity") return absl::InfiniteFuture();
  if (text == "-infinity") return absl::InfinitePast();
  absl::Time time;
  if (!absl::ParseTime("%Y-%m-%d %H:%M:%E*S%Ez", ToAbsl(text), &time, /*err=*/nullptr)) {
    return absl::InvalidArgumentError("not a timestamp with time zone in DateStyle ISO");
  }
  return time;
}

}  // namespace lmsmail::postgres
