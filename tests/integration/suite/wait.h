#pragma once

#include <fmt/format.h>

#include <functional>
#include <string_view>

#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace lmsmail::integration {

// The timeout for events that are certain to happen. It is long because the machine may be busy.
inline constexpr absl::Duration kTimeout = absl::Seconds(30);

// Polls `done` until it returns true. Returns DEADLINE_EXCEEDED with `what` after `timeout`.
inline absl::Status WaitUntil(std::string_view what, const std::function<bool()>& done,
                              absl::Duration timeout = kTimeout) {
  constexpr absl::Duration kInterval = absl::Milliseconds(20);
  const absl::Time deadline = absl::Now() + timeout;
  while (!done()) {
    if (absl::Now() >= deadline) {
      return absl::DeadlineExceededError(fmt::format("timed out waiting until {}", what));
    }
    absl::SleepFor(kInterval);
  }
  return absl::OkStatus();
}

}  // namespace lmsmail::integration
