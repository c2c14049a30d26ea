#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_set.h"
#include "absl/time/time.h"

#include "tests/bench/sink/ledger.h"

namespace lmsmail::sink {

struct Counters {
  std::int64_t accepted = 0;
  std::int64_t duplicates = 0;  // accepted mails whose Message-ID was accepted before
  std::int64_t without_id = 0;  // accepted mails without Message-ID
  std::int64_t unanswered = 0;  // accepted mails whose 250 was withheld by a fault
  std::int64_t bytes = 0;       // of accepted mails
  std::int64_t connections = 0;
  std::int64_t refused_421 = 0;
  std::int64_t refused_450 = 0;
  std::int64_t refused_550 = 0;
  std::int64_t refused_quota = 0;
  std::int64_t refused_logins = 0;
  std::int64_t delayed = 0;
  std::int64_t cut_before_dot = 0;
  std::int64_t cut_after_dot = 0;
  std::int64_t protocol_errors = 0;  // unknown commands
  // Not set before the first mail.
  std::optional<absl::Time> first_accepted;
  std::optional<absl::Time> last_accepted;
};

// Counts the accepted mails, detects duplicates by Message-ID, and writes the mails to the ledger
// if there is one. Keeps 64 bits of hash for each Message-ID, so that ten million take little
// memory.
class Statistics {
 public:
  // `ledger` may be null.
  explicit Statistics(Ledger* ledger) : ledger_(ledger) {}

  // `content` is the mail as transmitted, without the final dot. `answered` is false if a fault
  // withholds the 250.
  void Accept(std::string_view content, std::string_view recipient, bool answered);
  // Flushes the ledger. Must be called before the replies of a session are sent, so that every mail
  // that a reply acknowledges is in the ledger.
  void Flush();

  Counters& counters() { return counters_; }

 private:
  Ledger* const ledger_;
  Counters counters_;
  absl::flat_hash_set<std::uint64_t> seen_;
};

// Returns the first Message-ID of the header, without angle brackets; empty if there is none.
std::string_view MessageIdOf(std::string_view content);

// Returns one line of JSON with times in microseconds since 1970, and `cpu_us` of this process.
std::string ToJson(const Counters& counters);

}  // namespace lmsmail::sink
