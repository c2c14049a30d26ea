#pragma once

#include <atomic>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {

// Makes ordinary mail yield to urgent mail for a moment. Claiming, checking and recording a batch
// are statements of several milliseconds in PostgreSQL, whose processes have the same priority for
// urgent mail; so no such statement begins between an urgent mail's arrival and its handover.
// Rendering goes on: its threads have a low priority, and give their core away at once.
// Thread-safe.
class PriorityGate {
 public:
  // The longest pause. After a pause the gate stays open for at least a quarter of its length, so
  // ordinary mail keeps a fifth of the time however much urgent mail arrives.
  static constexpr absl::Duration kMaxPause = absl::Milliseconds(20);

  // `clock` must outlive this.
  explicit PriorityGate(const Clock& clock) : clock_(clock) {}

  // A call that accepts due urgent mail begins: closes the gate.
  void AcceptBegins();
  // It ended, whether or not mail arrived. Call it after UrgentArrived.
  void AcceptEnds();
  // Urgent mail that is due has arrived, and waits to be claimed: closes the gate.
  void UrgentArrived();
  // All urgent mail that arrived up to `time` was handed over here, or none of it is left to claim,
  // because other replicas claimed it or its lane is paused. Opens the gate unless more arrived.
  void UrgentGone(absl::Time time);

  // Returns when the gate is open.
  void Yield();
  bool closed() const { return closed_; }

 private:
  void Close(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Open() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void OpenUnlessExpecting() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  std::atomic<bool> closed_ = false;  // atomic, so that Yield at an open gate takes no lock
  absl::Mutex mutex_;
  int accepting_ ABSL_GUARDED_BY(mutex_) = 0;
  bool waiting_ ABSL_GUARDED_BY(mutex_) = false;  // urgent mail that arrived is not gone
  absl::Time last_arrival_ ABSL_GUARDED_BY(mutex_);
  absl::Time close_time_ ABSL_GUARDED_BY(mutex_);
  absl::Time open_until_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::dispatch
