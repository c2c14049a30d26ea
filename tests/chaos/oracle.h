#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/types/span.h"

#include "tests/chaos/ledgers.h"
#include "tests/chaos/sink.h"

namespace lmsmail::chaos {

// Why a mail came twice, as far as the ledgers tell.
enum class Cause {
  kUnanswered,     // the receiving server had been told to take it and not to answer
  kInDoubt,        // the log tells of an attempt that ended between the last byte and the answer
  kReportedTwice,  // two holders each recorded that it was sent: one had lost its lease
  kUnrecorded,     // nothing was recorded of the first copy
};

struct Doubled {
  std::string message = {};  // "messages/..."
  std::vector<absl::Time> copies = {};
  Cause cause = Cause::kUnrecorded;
  std::string story = {};  // what the log tells of its attempts
};

// accepted = delivered + skipped + uncertain + lost.
struct Verdict {
  std::int64_t accepted = 0;
  std::int64_t delivered = 0;
  std::int64_t skipped = 0;         // not wanted, and not sent
  std::int64_t uncertain = 0;       // newsletters that the log calls UNCERTAIN
  std::vector<std::string> lost;    // key, and why it counts as lost
  std::vector<Doubled> doubled;     // without their stories
  std::vector<std::string> faults;  // where the ledgers contradict each other
};

// Compares what the API accepted, what dispatch's log says and what the receiving server took.
Verdict Judge(absl::Span<const Accepted> accepted, absl::Span<const Logged> log,
              absl::Span<const Taken> taken);

// Reads cause and story of each doubled mail from its log.
absl::Status Attribute(Stage& stage, std::vector<Doubled>& doubled);

}  // namespace lmsmail::chaos
