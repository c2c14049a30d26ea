#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::sink {

// One way of misbehaving towards a mail.
enum class Fault {
  k421,           // RCPT answered 421 4.3.2, then the connection is closed
  k450,           // RCPT answered 450 4.2.1
  k550,           // RCPT answered 550 5.1.1
  kDelay,         // the answer to the final dot comes late
  kCutBeforeDot,  // 354, then the connection is closed; the mail is not taken
  kCutAfterDot,   // the mail is taken, and the connection closed without an answer
};

// "FAULT [every=N] [percent=P] [domain=D] [limit=N] [ms=N]", for example "450 every=10
// domain=slow.test". FAULT is 421, 450, 550, delay, cut-before-dot or cut-after-dot. All conditions
// must hold: the recipient's domain, every N-th of those mails, with that likelihood, and at most
// `limit` times. `ms` is the length of a delay.
struct FaultRule {
  Fault fault = Fault::k450;
  std::int64_t every = 1;
  double percent = 100;
  std::string domain;  // empty: any
  std::optional<std::int64_t> limit;
  absl::Duration delay;

  static absl::StatusOr<FaultRule> Parse(std::string_view text);
};

// Which mail meets which fault. The first rule that applies counts. The same rules and the same
// order of mails give the same faults.
class FaultPlan {
 public:
  // INVALID_ARGUMENT as of FaultRule::Parse.
  absl::Status Add(std::string_view rule);
  void Clear() { rules_.clear(); }

  const FaultRule* Choose(std::string_view domain);

 private:
  struct Counted {
    FaultRule rule;
    std::int64_t seen = 0;
    std::int64_t done = 0;
  };
  bool Applies(Counted& counted, std::string_view domain);
  double NextPercent();

  std::vector<Counted> rules_;
  std::uint64_t random_ = 88172645463325252;
};

}  // namespace lmsmail::sink
