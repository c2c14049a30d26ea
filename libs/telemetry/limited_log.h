#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"

namespace lmsmail::telemetry {

// Logs events that peers can cause as often as they like: `burst` at once, then one in each
// `interval`. The field "suppressed" of the next event counts those that were dropped. LogEvery
// suits events that say the same each time. Thread-safe.
class LimitedLog {
 public:
  LimitedLog(int burst, absl::Duration interval);
  LimitedLog(int burst, absl::Duration interval, const Clock& clock);

  void Log(Level level, std::string_view message, std::initializer_list<Field> fields = {});

 private:
  // Returns how many events were dropped before this one, or -1 when this one is dropped.
  std::int64_t Admit();

  const absl::Duration window_;  // what `burst` events take at the pace of `interval`
  const absl::Duration interval_;
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::Time paid_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::int64_t suppressed_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace lmsmail::telemetry
