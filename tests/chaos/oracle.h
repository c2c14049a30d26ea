#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "tests/chaos/ledgers.h"
#include "tests/chaos/sink.h"

namespace lmsmail::chaos {

// Why a mail arrived twice, according to the ledgers.
enum class Cause {
  kUnanswered,     // a fault rule made the receiving server accept it without a reply
  kUncertain,      // the log has an attempt that ended between the last byte and the reply
  kRecordedTwice,  // two workers recorded that it was sent: one had lost its lease
  kUnrecorded,     // the first copy was not recorded
};

struct Duplicate {
  std::string message = {};  // "messages/..."
  std::vector<absl::Time> copies = {};
  Cause cause = Cause::kUnrecorded;
  std::string history = {};  // its attempts according to the log
};

// accepted = delivered + skipped + refused + uncertain + lost.
struct Verdict {
  std::int64_t accepted = 0;
  std::int64_t delivered = 0;
  std::int64_t skipped = 0;                 // to recipients who have opted out; not sent
  std::int64_t refused = 0;                 // whose address is refused; FAILED in the log
  std::int64_t uncertain = 0;               // newsletters that are UNCERTAIN in the log
  std::vector<std::string> lost;            // key and reason
  std::vector<Duplicate> duplicates;        // without their history
  std::vector<std::string> contradictions;  // between the ledgers
};

// Compares what the API accepted, what dispatch logged and what the receiving server received.
Verdict Evaluate(absl::Span<const Accepted> accepted, absl::Span<const Logged> log,
                 absl::Span<const Received> received);

// Sets the cause and the history of each duplicate from its log.
absl::Status ExplainDuplicates(Cluster& cluster, std::vector<Duplicate>& duplicates);

}  // namespace lmsmail::chaos
