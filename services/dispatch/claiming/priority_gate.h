#pragma once

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {

// Makes ordinary mail yield to urgent mail for a moment. While a large batch keeps every core busy,
// each step of an urgent mail would wait for a core; so claiming, checking, rendering and recording
// of ordinary mail pause between an urgent mail's arrival and its handover. Thread-safe.
class PriorityGate {
 public:
  // The longest pause. After a pause the gate stays open for at least a quarter of its length, so
  // ordinary mail keeps a fifth of the time however much urgent mail arrives.
  static constexpr absl::Duration kMaxPause = absl::Milliseconds(20);

  // `clock` must outlive this.
  explicit PriorityGate(const Clock& clock) : clock_(clock) {}

  // Urgent mail has arrived: closes the gate.
  void UrgentArrived();
  // All urgent mail that arrived up to `time` was handed over. Opens the gate unless more arrived.
  void UrgentSent(absl::Time time);

  // Returns when the gate is open.
  void Yield();
  bool closed() const { return closed_; }

 private:
  void Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  std::atomic<bool> closed_ = false;  // atomic, so that Yield at an open gate takes no lock
  absl::Mutex mutex_;
  // Of the urgent mail that keeps the gate closed.
  absl::Time first_arrival_ ABSL_GUARDED_BY(mutex_);
  absl::Time last_arrival_ ABSL_GUARDED_BY(mutex_);
  absl::Time open_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::dispatch
