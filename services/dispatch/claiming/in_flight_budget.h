#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::dispatch {

// Bounds the mails that are handed over and whose outcome is not recorded yet: what a crash of this
// process can leave in doubt. Ordinary mail leaves a part of it to urgent mail. Thread-safe.
class InFlightBudget {
 public:
  InFlightBudget(int total, int reserved_for_urgent)
      : total_(total), ordinary_(total - reserved_for_urgent) {}

  // Waits for room; false once stopped.
  bool Acquire(bool urgent);
  void Release(int mails);
  // Nothing is handed over any more.
  void Stop();

  int in_use() const;

 private:
  const int total_;
  const int ordinary_;
  mutable absl::Mutex mutex_;
  int in_use_ ABSL_GUARDED_BY(mutex_) = 0;
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lmsmail::dispatch
