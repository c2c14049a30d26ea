#pragma once

#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Hears of mails and batches that are cancelled while a worker holds them. What was cancelled
// before a claim is told by the claim itself, which knows whether a later retry takes the
// cancellation back. Thread-safe.
class CancellationWatch {
 public:
  // Both must outlive this.
  CancellationWatch(QueueStore& queue, const Clock& clock) : queue_(queue), clock_(clock) {}

  // Asks for news, at most twice a second. The claimer does it before each claim.
  void Refresh();

  // Whether `mail`, claimed at `claimed`, was cancelled since, as of the last news.
  bool Cancelled(const Mail& mail, absl::Time claimed);

 private:
  QueueStore& queue_;
  const Clock& clock_;
  absl::Mutex mutex_;
  absl::Time refreshed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  std::int64_t cursor_ ABSL_GUARDED_BY(mutex_) = 0;
  // With the time of the news.
  absl::flat_hash_map<MessageId, absl::Time> messages_ ABSL_GUARDED_BY(mutex_);
  absl::flat_hash_map<BatchId, absl::Time> batches_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
