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

// Decides when a service is ready: prepares it once its database can be reached and then follows
// the state of the database. Runs on a thread of its own.
class Readiness {
 public:
  struct Callbacks {
    std::function<absl::Status()> prepare;    // repeated until OK or an error that is not transient
    std::function<absl::Status()> probe;      // whether the database can be reached
    std::function<void()> prepared;           // once, after `prepare` succeeded
    std::function<void(bool ready)> changed;  // also the first time
    std::function<void()> failed;             // at most once; error() says why
  };

  // A probe that takes longer than `probe_timeout` counts as failed until it returns: a database
  // that hangs closes no connection.
  Readiness(Callbacks callbacks, absl::Duration interval, absl::Duration probe_timeout);

  // No callback runs afterwards.
  void Stop();

  // The error that ended `prepare`; OK if there was none.
  absl::Status error() const;

 private:
  absl::Duration Step();
  // Returns whether the service is prepared.
  bool Prepare();
  absl::Status Probe();
  void Update(const absl::Status& database);

  const Callbacks callbacks_;
  const absl::Duration interval_;
  const absl::Duration probe_timeout_;
  // The next four are used by the thread only.
  bool prepared_ = false;
  bool ready_ = false;
  absl::Status waits_for_;             // of the last attempt to prepare
  std::future<absl::Status> probing_;  // valid while a probe runs
  mutable absl::Mutex mutex_;
  absl::Status error_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::service
