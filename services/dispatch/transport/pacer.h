#pragma once

#include <algorithm>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// Spaces events evenly, so many a second; without bursts, which providers count as excess.
// Thread-safe.
class Pacer {
 public:
  // 0: no limit.
  explicit Pacer(double per_second)
      : interval_(per_second > 0 ? absl::Seconds(1 / per_second) : absl::ZeroDuration()) {}

  // Takes the next turn; returns how long it is until then.
  absl::Duration TakeTurn(absl::Time now) {
    if (interval_ == absl::ZeroDuration()) return absl::ZeroDuration();
    absl::MutexLock lock(&mutex_);
    const absl::Time turn = std::max(next_, now);
    next_ = turn + interval_;
    return turn - now;
  }

 private:
  const absl::Duration interval_;
  absl::Mutex mutex_;
  absl::Time next_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::dispatch
