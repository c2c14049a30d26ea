#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Finds mails and batches that are cancelled while a worker holds them. Earlier cancellations are
// part of the claim, which knows whether a later retry overrides them. Thread-safe.
class CancellationWatch {
 public:
  // Both must outlive this.
  CancellationWatch(QueueStore& queue, const Clock& clock) : queue_(queue), clock_(clock) {}

  // Reads new cancellations, at most twice a second. The claimer calls it before each claim.
  void Refresh();

  // Whether `mail`, claimed at `claimed`, was cancelled since, as of the last refresh.
  bool Cancelled(const Mail& mail, absl::Time claimed);

 private:
  QueueStore& queue_;
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::Time refreshed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::int64_t cursor_ ABSL_GUARDED_BY(mutex_) = 0;
  // With the time of the refresh that found them.
  absl::flat_hash_map<MessageId, absl::Time> messages_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<BatchId, absl::Time> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
