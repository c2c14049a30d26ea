#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/identity/caller.h"

namespace lmsmail::rpc {

// Keeps one caller from taking everything: bounds the calls a second, the open streams and the
// bytes of the requests in flight of each. The suite's own services have no limits besides those
// that the callers file gives them. Thread-safe.
class CallerLimiter {
 public:
  // What a call takes until it ends.
  struct Use {
    std::size_t request_bytes = 0;
    bool stream = false;
  };
  // Gives back what it holds when it is destroyed.
  class Permit {
   public:
    Permit() = default;
    Permit(CallerLimiter& limiter, std::string caller, Use use)
        : limiter_(&limiter), caller_(std::move(caller)), use_(use) {}
    Permit(Permit&& other) noexcept { *this = std::move(other); }
    Permit& operator=(Permit&& other) noexcept {
      std::swap(limiter_, other.limiter_);
      std::swap(caller_, other.caller_);
      std::swap(use_, other.use_);
      return *this;
    }
    ~Permit() {
      if (limiter_ != nullptr) limiter_->GiveBack(caller_, use_);
    }

   private:
    CallerLimiter* limiter_ = nullptr;
    std::string caller_;
    Use use_;
  };

  // `defaults` are for callers without limits of their own; 0 means none. `clock` must outlive
  // this.
  CallerLimiter(const identity::CallerLimits& defaults, const Clock& clock)
      : defaults_(defaults), clock_(clock) {}

  // RESOURCE_EXHAUSTED, naming the limit, for what goes beyond it. One request is always allowed,
  // however large.
  absl::StatusOr<Permit> Take(const identity::Caller& caller, Use use);

 private:
  struct InUse {
    double tokens = 0;  // calls that may begin now, see RFC 2697's token bucket
    absl::Time refill_time = absl::InfinitePast();
    int streams = 0;
    std::size_t request_bytes = 0;
  };

  identity::CallerLimits LimitsOf(const identity::Caller& caller) const;
  void GiveBack(const std::string& caller, const Use& use);

  const identity::CallerLimits defaults_;
  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, InUse> in_use_ ABSL_GUARDED_BY(mutex_);  // as many as the callers file has
};

}  // namespace lmsmail::rpc
