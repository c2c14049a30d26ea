#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// A rate that all replicas keep together.
struct RateRule {
  double per_second = 0;  // 0: no limit, unless the key is throttled
  double burst = 0;       // mails at once after an idle time; see ToleranceOf

  bool operator==(const RateRule&) const = default;
};

// How long after its time a permit may still be used. The tolerance is what allows bursts: within
// any window t, at most per_second * (t + tolerance) + 1 mails are sent. The minimum is a quarter
// of a second, because a permit is used a little later than it was acquired.
inline absl::Duration ToleranceOf(const RateRule& rule) {
  constexpr absl::Duration kMin = absl::Milliseconds(250);
  if (rule.per_second <= 0 || rule.burst <= 1) return kMin;
  return std::max(kMin, absl::Seconds((rule.burst - 1) / rule.per_second));
}

// A run of evenly spaced permits, or of positions in a waitlist.
struct Permits {
  int count = 0;
  // Relative to the call. Negative: past; it may still be used until first + tolerance.
  absl::Duration first;
  absl::Duration interval;
};

// Urgent mail has a waitlist of its own and looks further ahead for a permit than ordinary mail.
enum class Waitlist { kUrgent, kOrdinary };

// The state of rate limits, shared by all replicas. Each key has one timestamp: that of its next
// free permit (the generic cell rate algorithm, GCRA: ITU-T I.371, with permits acquired in runs).
// Permits are acquired before they are used; those of a replica that dies are lost, never used
// twice. Thread-safe. Every function is one transaction.
class LimitStore {
 public:
  virtual ~LimitStore() = default;

  struct Request {
    std::string key;
    RateRule rule;
    int count = 1;         // permits wanted
    absl::Duration ahead;  // no permit lies further ahead than this
    Waitlist waitlist = Waitlist::kOrdinary;
    bool fresh = true;  // gets no permit while earlier mail is in its waitlist
  };
  // Acquires up to request.count permits.
  virtual absl::StatusOr<Permits> Acquire(const Request& request) = 0;
  // Reserves request.count positions at the end of the waitlist. A position is the time at which
  // acquiring a permit is worth another try; the mail is no longer fresh then.
  virtual absl::StatusOr<Permits> Reserve(const Request& request) = 0;

  // What was sent lately to a server that asked for less.
  struct Load {
    double per_second = 0;     // used where there is no rule
    double refused_share = 1;  // of the mails; 1: all of them
  };
  // Lowers the rate of `key` in proportion to what was refused, by half when that was all: at most
  // once per kThrottleInterval, and never below kMinShare. The rate recovers by itself: it doubles
  // every kDoubling.
  virtual absl::Status Throttle(std::string_view key, const RateRule& rule, const Load& load) = 0;
  // The keys whose rate has not recovered yet.
  virtual absl::StatusOr<std::vector<std::string>> Throttled() = 0;

  static constexpr absl::Duration kThrottleInterval = absl::Seconds(5);
  static constexpr absl::Duration kDoubling = absl::Seconds(20);
  static constexpr double kMinShare = 1.0 / 64;
  static constexpr absl::Duration kRecovery = absl::Minutes(2);  // from kMinShare
  static constexpr double kMinMeasured = 1;
};

}  // namespace lmsmail::dispatch
