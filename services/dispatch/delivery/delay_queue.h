#pragma once

#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {

// Holds what waits for a turn that is near, so that a sender goes on with other mail meanwhile.
// Thread-safe.
class DelayQueue {
 public:
  // `go`: its time has come; otherwise this stops.
  using Call = absl::AnyInvocable<void(bool go)>;

  // `clock` outlives this.
  explicit DelayQueue(const Clock& clock) : clock_(clock) {}
  ~DelayQueue() { Stop(); }

  // A thread makes the calls from now on.
  void Start();
  void Add(absl::Time at, Call call);
  // Makes the calls that are due, in order of their times.
  void RunDue();
  // Returns when every call has been made; later ones are made at once.
  void Stop();

 private:
  void Run();

  const Clock& clock_;
  absl::Mutex mutex_;
  std::multimap<absl::Time, Call> waiting_ ABSL_GUARDED_BY(mutex_);
  bool earlier_ ABSL_GUARDED_BY(mutex_) = false;  // the next call is nearer than it was
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lmsmail::dispatch
