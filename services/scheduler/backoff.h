#pragma once

#include <algorithm>

#include "absl/time/time.h"

namespace lmsmail::scheduler {

// How long to wait after attempt number `attempt` (from 1) failed: `first`, doubled each time, at
// most `most`.
inline absl::Duration Backoff(int attempt, absl::Duration first, absl::Duration most) {
  return std::min(first * (1 << std::clamp(attempt - 1, 0, 20)), most);
}

}  // namespace lmsmail::scheduler
