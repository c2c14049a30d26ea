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

// A way to fail a mail.
enum class Fault {
  k421,           // RCPT is answered with 421 4.3.2, then the connection is closed
  k450,           // RCPT is answered with 450 4.2.1
  k550,           // RCPT is answered with 550 5.1.1
  kQuota,         // RCPT is answered with 550 5.4.5
  kLogin,         // AUTH is answered with 535 5.7.8; depends on no mail, so only `limit` applies
  kDelay,         // the reply to the final dot is delayed
  kCutBeforeDot,  // the connection is closed after 354; the mail is not accepted
  kCutAfterDot,   // the mail is accepted and the connection is closed without a reply
};

// "FAULT [every=N] [domain=D] [limit=N] [ms=N]", for example "450 every=10 domain=slow.test". FAULT
// is 421, 450, 550, quota, login, delay, cut-before-dot or cut-after-dot. The rule applies to every
// N-th mail to the domain, at most `limit` times. `ms` is the length of a delay.
struct FaultRule {
  Fault fault = Fault::k450;
  std::int64_t every = 1;
  std::string domain;  // empty for any domain
  std::optional<std::int64_t> limit;
  absl::Duration delay;

  // Returns INVALID_ARGUMENT for a malformed rule.
  static absl::StatusOr<FaultRule> Parse(std::string_view text);
};

// Decides which mail gets which fault: the first rule that applies. The same rules and the same
// order of mails give the same faults.
class FaultPlan {
 public:
  // Returns the errors of FaultRule::Parse.
  absl::Status Add(std::string_view rule);
  void Clear() { rules_.clear(); }

  // Returns nullptr if no rule applies to the next mail to `domain`.
  const FaultRule* Choose(std::string_view domain);
  // Whether a rule applies to the next login.
  bool RefusesLogin();

 private:
  struct Entry {
    FaultRule rule;
    std::int64_t matches = 0;  // mails to the domain
    std::int64_t applied = 0;
  };
  static bool Applies(Entry& entry, std::string_view domain);

  std::vector<Entry> rules_;
};

}  // namespace lmsmail::sink
