#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace lmsmail::fakes {

// Allows so many requests in each second. Thread-safe.
class RateWindow {
 public:
  explicit RateWindow(std::int64_t limit) : limit_(limit) {}

  struct State {
    bool allowed;
    std::int64_t limit;
    std::int64_t remaining;
    absl::Time reset;  // the begin of the next second
  };
  State Take(absl::Time now) {
    absl::MutexLock lock(&mutex_);
    const std::int64_t second = absl::ToUnixSeconds(now);
    if (second != second_) used_ = 0;
    second_ = second;
    const bool allowed = used_ < limit_;
    if (allowed) ++used_;
    return {allowed, limit_, limit_ - used_, absl::FromUnixSeconds(second + 1)};
  }

 private:
  const std::int64_t limit_;
  absl::Mutex mutex_;
  std::int64_t second_ ABSL_GUARDED_BY(mutex_) = 0;
  std::int64_t used_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lmsmail::fakes
