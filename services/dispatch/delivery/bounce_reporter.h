#pragma once

#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// Puts dead addresses on the suppression list in the background, again and again while that service
// is away. What is lost with the process, its successor finds in the log: see
// EventRecorder::ReportAgain. Thread-safe.
class BounceReporter {
 public:
  // `list` must outlive this.
  explicit BounceReporter(SuppressionList& list);

  // Beyond some thousands that wait, new ones are dropped.
  void Report(std::string email_address, SuppressionCause cause, std::string detail);

  void Stop() { periodic_.Stop(); }

 private:
  struct Entry {
    std::string email_address;
    SuppressionCause cause;
    std::string detail;
  };
  // Reports what waits; returns how long to wait for the next time.
  absl::Duration Drain();

  SuppressionList& list_;
  absl::Mutex mutex_;
  std::deque<Entry> waiting_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::dispatch
