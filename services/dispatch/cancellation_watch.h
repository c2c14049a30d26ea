#pragma once

#include <cstdint>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/dispatch/queue_store.h"

namespace lmsmail::dispatch {

// Hears of mails and batches that are cancelled while a worker holds them. Not thread-safe.
class CancellationWatch {
 public:
  // Both must outlive this.
  CancellationWatch(QueueStore& queue, const Clock& clock) : queue_(queue), clock_(clock) {}

  // As of half a second ago. While the queue can't be asked, as of the last time it could.
  bool Cancelled(const Mail& mail);

 private:
  void Refresh();

  QueueStore& queue_;
  const Clock& clock_;
  absl::Time refreshed_ = absl::InfinitePast();
  std::int64_t cursor_ = 0;
  absl::flat_hash_set<MessageId> messages_;
  absl::flat_hash_set<BatchId> batches_;
};

}  // namespace lmsmail::dispatch
