#pragma once

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {

// Lets what is done for ordinary mail (claiming, checking, writing, recording) stand aside for a
// moment when urgent mail has come: while a big batch keeps every core busy, each of the urgent
// mail's steps would wait for one. Thread-safe.
class PriorityGate {
 public:
  // Ordinary mail stands aside for at most so long at a time, and then goes on for at least a
  // quarter of that: however much urgent mail comes, a fifth of the time remains.
  static constexpr absl::Duration kLongest = absl::Milliseconds(20);

  // `clock` outlives this.
  explicit PriorityGate(const Clock& clock) : clock_(clock) {}

  // Urgent mail has come.
  void Begin();
  // What came until `time` is on its way.
  void End(absl::Time time);
  // Whether urgent mail has it.
  bool taken() const { return taken_; }
  // Returns when it has not.
  void Yield();

 private:
  void Release() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  std::atomic<bool> taken_ = false;  // what spares Yield the mutex
  absl::Mutex mutex_;
  absl::Time first_ ABSL_GUARDED_BY(mutex_);   // while taken_: when the first of them came
  absl::Time latest_ ABSL_GUARDED_BY(mutex_);  // and the latest
  absl::Time not_before_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::dispatch
