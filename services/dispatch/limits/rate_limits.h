#pragma once

#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/telemetry/logging.h"
#include "services/dispatch/limits/recent_rate.h"
#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/limit_store.h"
#include "services/dispatch/transports/transport.h"

namespace lmsmail::dispatch {

// The limits of the configuration.
struct LimitRules {
  // Domains that share one limit.
  struct DomainGroup {
    std::set<std::string, std::less<>> domains = {};  // lower case, A-labels
    RateRule rule = {};
  };
  std::map<std::string, RateRule, std::less<>> transports = {};
  std::map<std::string, DomainGroup> domain_groups = {};  // by a name that the operator chooses
  RateRule other_domain = {};                             // each domain that is in no group
  RateRule batch = {};  // each batch, whose sender may ask for less
};

// One limit that applies to a mail.
struct Limit {
  std::string key;  // "transport:smtp", "domain:gmail", "batch:17"
  RateRule rule;
  bool throttled = false;  // the server asked for fewer mails than the rule, if any, allows
};

// Permission to hand one mail over, as far as one limit is concerned, from `from` until `until`.
struct Permit {
  absl::Time from;
  absl::Time until;
};

// This replica's part of the rate limits that all replicas share. Acquires permits for several
// mails at a time and hands them out one by one. Thread-safe; Acquire and Refresh may call the
// store.
class RateLimits {
 public:
  // `store` and `clock` must outlive this.
  RateLimits(LimitStore& store, const Clock& clock, LimitRules rules);

  // The limits of a mail to `domain`, the narrowest first. Few mails have any.
  std::vector<Limit> For(const Mail& mail, std::string_view domain,
                         std::string_view transport) const;

  struct Request {
    bool urgent = false;
    bool fresh = true;  // the mail has not been on the waitlist yet
    int mails = 1;      // mails of this limit that need a permit now, this one included
  };
  struct Result {
    std::optional<Permit> permit;
    absl::Time retry_time;  // without a permit: the mail's position on the waitlist
  };
  Result Acquire(const Limit& limit, const Request& request);

  // Records a result of the transport. A reply that asks for fewer mails throttles its sender from
  // the next Refresh on.
  void OnResult(std::string_view domain, std::string_view transport, const DeliveryResult& result);
  // Writes throttled keys to the store and reads those of other replicas; at most once a second.
  void Refresh();

 private:
  // Unused permits, or positions on a waitlist, from the store.
  struct Run {
    int count = 0;
    absl::Time next;
    absl::Duration interval;
    absl::Duration skew;  // how much earlier than here `next` may be by the store's clock
  };
  struct Reserved {
    std::deque<Run> permits;
    std::map<Waitlist, std::deque<Run>> positions;
  };
  std::string DomainKey(std::string_view domain) const;
  RateRule BatchRule(const Mail& mail) const;
  RateRule RuleOf(std::string_view key) const;
  std::optional<Permit> ReservedPermit(const Limit& limit, Waitlist waitlist)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::Time> ReservedPosition(const Limit& limit, Waitlist waitlist)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Both return whether the store gave any.
  bool AcquireFromStore(const LimitStore::Request& request);
  bool ReserveAtStore(const LimitStore::Request& request);
  // Forgets permits and positions that nobody used for a minute.
  void DropIdle(absl::Time now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  LimitStore::Load LoadOf(const std::string& key, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  LimitStore& store_;
  const Clock& clock_;
  const LimitRules rules_;
  const bool nothing_configured_;
  std::map<std::string, std::string, std::less<>> group_of_domain_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Reserved, std::less<>> reserved_ ABSL_GUARDED_BY(mutex_);
  RecentRate results_ ABSL_GUARDED_BY(mutex_);
  RecentRate refusals_ ABSL_GUARDED_BY(mutex_);  // those that asked for fewer mails
  std::set<std::string, std::less<>> throttled_ ABSL_GUARDED_BY(mutex_);  // by the last Refresh
  std::set<std::string> to_throttle_ ABSL_GUARDED_BY(mutex_);
  absl::Time refreshed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
