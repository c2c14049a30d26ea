#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"

namespace lmsmail::gateway {

// Remembers which event each token came with, so that a token that was overheard cannot report
// another one. Bounded; thread-safe.
//
// It knows the latest `capacity` tokens of this process, not those of other replicas. Dispatch
// records an event id, which is the token, once among all mails: what it cannot refuse is a token
// of which nothing is recorded, because its request never reached us or was ignored.
class UsedTokens {
 public:
  // `clock` must outlive this.
  UsedTokens(const Clock& clock, absl::Duration lifetime, std::size_t capacity)
      : clock_(clock), lifetime_(lifetime), capacity_(capacity) {}

  // Returns false if the token came with another event. The same one may be repeated, because
  // providers repeat what we did not acknowledge.
  bool Use(std::string_view token, std::string_view event_digest);

  std::size_t size() const {
    absl::MutexLock lock(&mutex_);
    return events_.size();
  }

 private:
  void Forget(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const Clock& clock_;
  const absl::Duration lifetime_;
  const std::size_t capacity_;
  mutable absl::Mutex mutex_;
  std::unordered_map<std::string, std::string> events_ ABSL_GUARDED_BY(mutex_);  // hashes, by token
  std::deque<std::pair<absl::Time, std::string>> order_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::gateway
