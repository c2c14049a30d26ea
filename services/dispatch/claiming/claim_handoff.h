#pragma once

#include <optional>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/dispatch/claiming/claimer.h"

namespace lmsmail::dispatch {

// Passes claims from the claimer to the senders, with room for one: the next batch is ready when a
// sender finishes, and no more mail is claimed than that. Thread-safe.
class ClaimHandoff {
 public:
  bool HasRoom() const {
    absl::MutexLock lock(&mutex_);
    return !claim_.has_value();
  }

  // Waits for room. Must not be called after Close().
  void Put(TakenClaim claim) {
    const auto room = [this] { return !claim_.has_value(); };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&room));
    claim_ = std::move(claim);
  }

  // Waits for a claim; nullopt once closed and empty.
  std::optional<TakenClaim> Take() {
    const auto ready = [this] { return claim_.has_value() || closed_; };
    absl::MutexLock lock(&mutex_);
    mutex_.Await(absl::Condition(&ready));
    return std::exchange(claim_, std::nullopt);
  }

  void Close() {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }

 private:
  mutable absl::Mutex mutex_;
  std::optional<TakenClaim> claim_ ABSL_GUARDED_BY(mutex_);
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace lmsmail::dispatch
