#pragma once

#include <deque>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/lifecycle/periodic.h"
#include "services/dispatch/message/recipient_check.h"

namespace lmsmail::dispatch {

// Adds dead addresses to the suppression list in the background, and retries while that service is
// unavailable. Reports that are lost with the process are found in the log by the next one; see
// EventRecorder::Replay. Thread-safe.
class BounceReporter {
 public:
  // `list` must outlive this.
  explicit BounceReporter(SuppressionList& list);

  // Drops the report when 10,000 are pending.
  void Report(std::string email_address, SuppressionCause cause, std::string detail);

  void Stop() { periodic_.Stop(); }

 private:
  struct Entry {
    std::string email_address;
    SuppressionCause cause;
    std::string detail;
  };
  // Sends the pending reports; returns how long to wait before the next call.
  absl::Duration Drain();

  SuppressionList& list_;
  absl::Mutex mutex_;
  std::deque<Entry> pending_ ABSL_GUARDED_BY(mutex_);
  lifecycle::Periodic periodic_;  // last: its thread uses the rest
};

}  // namespace lmsmail::dispatch
