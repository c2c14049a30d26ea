#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace lmsmail::retry {

// How long to wait after attempt number `attempt` (from 1) failed: `first`, doubled each time, at
// most `most`.
inline absl::Duration Backoff(int attempt, absl::Duration first, absl::Duration most) {
  constexpr int kMostDoublings = 20;  // far past any `most`, and no overflow
  return std::min(first * (1 << std::clamp(attempt - 1, 0, kMostDoublings)), most);
}

}  // namespace lmsmail::retry
