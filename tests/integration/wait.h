#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace lmsmail::integration {

// Longest wait for anything that is certain to happen; long, since the machine may be busy.
inline constexpr absl::Duration kPatience = absl::Seconds(30);

// Processes have no event to wait for across their border, so `done` is asked again and again,
// until it says true or `timeout` has passed: DEADLINE_EXCEEDED that names `what`.
inline absl::Status WaitUntil(std::string_view what, const std::function<bool()>& done,
                              absl::Duration timeout = kPatience) {
  constexpr absl::Duration kInterval = absl::Milliseconds(20);
  const absl::Time deadline = absl::Now() + timeout;
  while (!done()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(fmt::format("waited in vain until {}", what));
    }
    absl::SleepFor(kInterval);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::integration
