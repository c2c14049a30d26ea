#pragma once

#include <map>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/connection_shares.h"
#include "services/dispatch/storage/limit_store.h"

namespace lmsmail::dispatch {

// For tests without a database.
class InMemoryLimitStore : public LimitStore, public ConnectionShares {
 public:
  // `clock` outlives the store.
  explicit InMemoryLimitStore(const Clock& clock) : clock_(clock) {}

  absl::StatusOr<Permits> Acquire(const LimitStore::Request& request) override;
  absl::StatusOr<Permits> Reserve(const LimitStore::Request& request) override;
  absl::Status Throttle(std::string_view key, const RateRule& rule, const Load& load) override;
  absl::StatusOr<std::vector<std::string>> Throttled() override;
  absl::StatusOr<int> Share(const ConnectionShares::Request& request) override;
  absl::Status Leave(std::string_view holder) override;

 private:
  struct State {
    absl::Time next_permit = absl::InfinitePast();
    std::map<Waitlist, absl::Time> waitlist_ends;
    double share = 1;  // of the rate, at throttle_time
    absl::Time throttle_time = absl::InfinitePast();
    double measured = 0;
  };
  struct Holder {
    absl::Time joined;
    absl::Time asked;
    absl::Time until;
  };
  using Holders = std::map<std::string, Holder, std::less<>>;
  static double ShareOf(const State& state, absl::Time now);
  // In mails a second, at `share` of the rule. 0: no limit.
  static double RateOf(const State& state, const RateRule& rule, double share);

  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<std::string, State, std::less<>> states_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Holders> connections_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
