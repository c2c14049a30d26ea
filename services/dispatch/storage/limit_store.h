#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::dispatch {

// How much mail something takes: from all replicas together.
struct RateRule {
  double per_second = 0;  // 0: no limit, unless it has asked to be spared
  double burst = 0;       // mails at once after a rest; see ToleranceOf

  bool operator==(const RateRule&) const = default;
};

// How long after its moment a turn may still be used. It is what makes bursts: between two moments
// t apart at most per_second * (t + tolerance) + 1 mails go. A quarter of a second is the least,
// because a turn that was taken is used a little later.
inline absl::Duration ToleranceOf(const RateRule& rule) {
  constexpr absl::Duration kLeast = absl::Milliseconds(250);
  if (rule.per_second <= 0 || rule.burst <= 1) return kLeast;
  return std::max(kLeast, absl::Seconds((rule.burst - 1) / rule.per_second));
}

// Moments in a row, counted from the call that gave them.
struct Turns {
  int count = 0;
  absl::Duration first;  // negative: past, and may still be used until first + tolerance
  absl::Duration interval;
};

// Urgent mail has a line of its own, and looks further ahead for a turn than ordinary mail does.
enum class Line { kUrgent, kOrdinary };

// The limits' state, shared by all replicas. For each key one moment: that of the next free turn
// (the generic cell rate algorithm, GCRA: ITU-T I.371; turns are given out in runs). Turns are
// taken before they are used; those of a replica that dies are lost, never used twice.
// Thread-safe. Every function is one transaction.
class LimitStore {
 public:
  virtual ~LimitStore() = default;

  struct Request {
    std::string key;
    RateRule rule;
    int count = 1;         // turns wanted
    absl::Duration ahead;  // the furthest moment
    Line line = Line::kOrdinary;
    bool fresh = true;  // gets nothing while mail that came before waits in its line
  };
  // Up to request.count turns.
  virtual absl::StatusOr<Turns> Take(const Request& request) = 0;
  // Places in the line, one for each of request.count mails, behind those given before: when it is
  // worth while to ask for a turn again. Not fresh any more then.
  virtual absl::StatusOr<Turns> Join(const Request& request) = 0;

  // What `key` stands for asked to be spared: its rate is halved, at most every kSpareInterval, and
  // never to less than kLeastShare; it comes back by itself, evenly, within kRecovery (additive
  // increase, multiplicative decrease, as TCP's: RFC 5681). `measured` is the rate in mails a
  // second that was too much where there is no rule.
  virtual absl::Status Spare(std::string_view key, const RateRule& rule, double measured) = 0;
  // Those that have not come back yet.
  virtual absl::StatusOr<std::vector<std::string>> Spared() = 0;

  static constexpr absl::Duration kSpareInterval = absl::Seconds(5);
  static constexpr absl::Duration kRecovery = absl::Minutes(5);
  static constexpr double kLeastShare = 1.0 / 64;
  static constexpr double kLeastMeasured = 1;
};

}  // namespace lmsmail::dispatch
