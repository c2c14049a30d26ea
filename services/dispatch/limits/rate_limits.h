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

// What the configuration limits.
struct LimitRules {
  // Domains that share one limit.
  struct DomainGroup {
    std::set<std::string, std::less<>> domains = {};  // lower case, A-labels
    RateRule rule = {};
  };
  std::map<std::string, RateRule, std::less<>> transports = {};
  std::map<std::string, DomainGroup> domain_groups = {};  // by a name of the operator's
  RateRule other_domain = {};                             // each domain that is in no group
  RateRule batch = {};                                    // each batch; its sender may ask for less
};

// One limit that a mail has to keep.
struct Limit {
  std::string key;  // "transport:smtp", "domain:gmail", "batch:17"
  RateRule rule;
};

// Leave to hand one mail over, as far as one limit is concerned.
struct Turn {
  absl::Time from;
  absl::Time until;
};

// This replica's side of the limits that all replicas keep together: takes turns for some mails at
// a time, and hands them out one by one, evenly. Thread-safe; Take and Refresh may ask the store.
class RateLimits {
 public:
  // `store` and `clock` outlive this.
  RateLimits(LimitStore& store, const Clock& clock, LimitRules rules);

  // The limits of a mail to `domain`, the narrowest first. Few mails have any.
  std::vector<Limit> For(const Mail& mail, std::string_view domain,
                         std::string_view transport) const;

  struct Wish {
    bool urgent = false;
    bool fresh = true;  // it has not been in the line yet
    int mails = 1;      // of this limit that are at hand, this one included
  };
  struct Answer {
    std::optional<Turn> turn;
    absl::Time retry;  // without a turn: the mail's place in the line
  };
  Answer Take(const Limit& limit, const Wish& wish);

  // What the transport said. Whoever asked to be spared is, from the next Refresh on.
  void Answered(std::string_view domain, std::string_view transport, const DeliveryResult& result);
  // Tells the store who is to be spared and hears of it from other replicas; at most once a second.
  void Refresh();

 private:
  // Turns, or places in a line, that the store gave and nobody has used.
  struct Run {
    int count = 0;
    absl::Time next;
    absl::Duration interval;
    absl::Duration skew;  // how much earlier than `next` it may have been at the store
  };
  struct Held {
    std::deque<Run> turns;
    std::map<Line, std::deque<Run>> places;
  };
  std::string DomainKey(std::string_view domain) const;
  RateRule BatchRule(const Mail& mail) const;
  RateRule RuleOf(std::string_view key) const;
  std::optional<Turn> HeldTurn(const Limit& limit, Line line) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::optional<absl::Time> HeldPlace(const Limit& limit, Line line)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Whether the store gave any.
  bool TakeFromStore(const LimitStore::Request& request);
  bool JoinAtStore(LimitStore::Request request);

  LimitStore& store_;
  const Clock& clock_;
  const LimitRules rules_;
  const bool nothing_configured_;
  std::map<std::string, std::string, std::less<>> group_of_domain_;

  mutable absl::Mutex mutex_;
  std::map<std::string, Held, std::less<>> held_ ABSL_GUARDED_BY(mutex_);
  RecentRate answered_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string, std::less<>> spared_ ABSL_GUARDED_BY(mutex_);  // as last heard
  std::set<std::string> to_spare_ ABSL_GUARDED_BY(mutex_);
  absl::Time refreshed_ ABSL_GUARDED_BY(mutex_) = absl::InfinitePast();
  telemetry::LogEvery log_{absl::Seconds(10)};
};

}  // namespace lmsmail::dispatch
