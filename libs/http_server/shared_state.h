#pragma once

#include <atomic>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/http_server/client_address.h"
#include "libs/http_server/options.h"
#include "libs/http_server/responder.h"

namespace lmsmail::http_server {

// A number with an upper limit. Thread-safe.
class Budget {
 public:
  explicit Budget(int64_t limit) : limit_(limit) {}

  // False, taking nothing, if the limit would be exceeded.
  bool Take(int64_t amount) {
    if (taken_.fetch_add(amount, std::memory_order_relaxed) + amount <= limit_) return true;
    Return(amount);
    return false;
  }
  void Return(int64_t amount) { taken_.fetch_sub(amount, std::memory_order_relaxed); }

 private:
  const int64_t limit_;
  std::atomic<int64_t> taken_ = 0;
};

// Counts the open connections. Thread-safe.
class ConnectionCount {
 public:
  explicit ConnectionCount(int64_t limit) : limit_(limit) {}

  // False if there are too many.
  bool Add() {
    absl::MutexLock lock(&mutex_);
    if (open_ >= limit_) return false;
    ++open_;
    return true;
  }
  void Remove() {
    absl::MutexLock lock(&mutex_);
    --open_;
  }
  int64_t open() const {
    absl::MutexLock lock(&mutex_);
    return open_;
  }
  // Returns when none is open, at the latest after `timeout`.
  void WaitForNone(absl::Duration timeout) const {
    absl::MutexLock lock(&mutex_);
    const auto none = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return open_ == 0; };
    mutex_.AwaitWithTimeout(absl::Condition(&none), timeout);
  }

 private:
  const int64_t limit_;
  mutable absl::Mutex mutex_;
  int64_t open_ ABSL_GUARDED_BY(mutex_) = 0;
};

// What all connections of a server share.
struct SharedState {
  SharedState(Options given_options, TrustedProxies given_proxies, Handler given_handler)
      : options(std::move(given_options)),
        proxies(std::move(given_proxies)),
        handler(std::move(given_handler)),
        body_octets(options.limits.total_body_bytes),
        connections(options.limits.connections) {}

  const Options options;
  const TrustedProxies proxies;
  const Handler handler;
  Budget body_octets;
  ConnectionCount connections;
};

}  // namespace lmsmail::http_server
