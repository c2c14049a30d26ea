#pragma once

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace lmsmail::dispatch {

// Limits the mails that are handed over and whose outcome is not recorded yet, which is what a
// crash of this process can leave in doubt. A part is reserved for urgent mail. Thread-safe.
class InFlightBudget {
 public:
  InFlightBudget(int total, int reserved_for_urgent)
      : total_(total), ordinary_(total - reserved_for_urgent) {}

  // Waits for room; false once stopped.
  bool Acquire(bool urgent);
  void Release(int mails);
  // Acquire fails from now on.
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
