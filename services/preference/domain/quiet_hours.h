#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::preference {

// A daily span of local time in which no optional mail is sent. It may cross midnight.
class QuietHours {
 public:
  // Parses local times such as "21:00". The span is [start, end). Times that are invalid or equal
  // are INVALID_ARGUMENT with violations of "start" and "end".
  static absl::StatusOr<QuietHours> Parse(std::string_view start, std::string_view end);

  // Returns when the quiet hours at `now` end, always later than `now`, or nullopt when `now` is
  // outside of them. When a clock change skips the end, returns the instant of the change. When the
  // end occurs twice, returns the next occurrence.
  std::optional<absl::Time> EndAfter(absl::Time now, absl::TimeZone zone) const;

 private:
  QuietHours(int start_minute, int end_minute)
      : start_minute_(start_minute), end_minute_(end_minute) {}

  int start_minute_;  // of the local day
  int end_minute_;
};

}  // namespace lmsmail::preference
