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
  std::int64_t duplicates = 0;  // accepted mails whose Message-ID had been accepted before
  std::int64_t without_id = 0;  // accepted mails without Message-ID
  std::int64_t unanswered = 0;  // accepted mails whose 250 was left out on purpose
  std::int64_t bytes = 0;       // of accepted mails
  std::int64_t connections = 0;
  std::int64_t refused_421 = 0;
  std::int64_t refused_450 = 0;
  std::int64_t refused_550 = 0;
  std::int64_t delayed = 0;
  std::int64_t cut_before_dot = 0;
  std::int64_t cut_after_dot = 0;
  std::int64_t protocol_errors = 0;  // commands that were not understood
  // Unset until the first mail.
  std::optional<absl::Time> first_accepted;
  std::optional<absl::Time> last_accepted;
};

// What was accepted: counted, told apart by Message-ID (64 bits of hash each, so that ten million
// take little memory), and written to the ledger if there is one.
class Mailbox {
 public:
  // `ledger` may be null.
  explicit Mailbox(Ledger* ledger) : ledger_(ledger) {}

  // `content` is the mail as transmitted, without the final dot.
  void Accept(std::string_view content, std::string_view recipient, bool answered);
  // Before a session's answers leave: what they promise is then in the ledger.
  void Flush();

  void Reset();

  Counters& counters() { return counters_; }

 private:
  Ledger* const ledger_;
  Counters counters_;
  absl::flat_hash_set<std::uint64_t> seen_;
};

// The first Message-ID of the header, without angle brackets; empty if there is none.
std::string_view MessageIdOf(std::string_view content);

// One JSON object in one line, times in microseconds since 1970, with `cpu_us` of this process.
std::string ToJson(const Counters& counters);

}  // namespace lmsmail::sink
