#pragma once

#include <functional>
#include <future>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"

namespace lmsmail::service {

// Decides when a service is ready: prepares it as soon as its database lets it, and from then on
// follows whether the database is there. On a thread of its own.
class Readiness {
 public:
  struct Callbacks {
    // Until it succeeds, it is tried again; an error that waiting can't mend gives up.
    std::function<absl::Status()> prepare;
    std::function<absl::Status()> probe;
    std::function<void()> prepared;           // once, after `prepare` succeeded
    std::function<void(bool ready)> changed;  // also the first time
    std::function<void()> gave_up;            // at most once; fault() says why
  };

  // A probe that takes longer than `patience` counts as failed until it answers: a database that
  // hangs breaks no connection.
  Readiness(Callbacks callbacks, absl::Duration interval, absl::Duration patience);

  // After it, no callback runs.
  void Stop();

  // What `prepare` failed with for good; OK otherwise.
  absl::Status fault() const;

 private:
  absl::Duration Step();
  // True when prepared.
  bool Prepare();
  absl::Status Probe();
  void Announce(const absl::Status& database);

  const Callbacks callbacks_;
  const absl::Duration interval_;
  const absl::Duration patience_;
  // The three below are the thread's own.
  bool prepared_ = false;
  bool ready_ = false;
  std::future<absl::Status> probing_;  // valid while a probe has not answered
  mutable absl::Mutex mutex_;
  absl::Status fault_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::service
