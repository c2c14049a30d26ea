#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::preference {

// A span of local time, every day, in which nobody is written to unasked. May cross midnight.
class QuietHours {
 public:
  // Local times such as "21:00"; the span is [start, end). INVALID_ARGUMENT, with the violations
  // named "start" and "end", when they are not times of a day or are the same.
  static absl::StatusOr<QuietHours> Parse(std::string_view start, std::string_view end);

  // When the quiet hours that `now` is in end, always later than `now`; nullopt outside of them.
  // An end that the clocks jump over is the instant of the jump; of one that comes twice, the first
  // that is still ahead.
  std::optional<absl::Time> EndAfter(absl::Time now, absl::TimeZone zone) const;

 private:
  QuietHours(int start_minute, int end_minute)
      : start_minute_(start_minute), end_minute_(end_minute) {}

  int start_minute_;  // of the local day
  int end_minute_;
};

}  // namespace lmsmail::preference
