#pragma once

#include <map>
#include <thread>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::dispatch {

// Delays calls, so that a sender continues with other mail while one waits for its permit.
// Thread-safe.
class DelayQueue {
 public:
  // `due`: the time has come; otherwise the queue was stopped.
  using Call = absl::AnyInvocable<void(bool due)>;

  // `clock` must outlive this.
  explicit DelayQueue(const Clock& clock) : clock_(clock) {}
  ~DelayQueue() { Stop(); }

  // Starts the thread that makes the calls.
  void Start();
  void Add(absl::Time time, Call call);
  // Makes the calls that are due, earliest first.
  void RunDue();
  // Makes the remaining calls at once and waits for them. Later calls are made by Add.
  void Stop();

 private:
  void Run();

  const Clock& clock_;
  absl::Mutex mutex_;
  std::multimap<absl::Time, Call> calls_ ABSL_GUARDED_BY(mutex_);
  bool earlier_ ABSL_GUARDED_BY(mutex_) = false;  // the next call moved forward
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace lmsmail::dispatch
