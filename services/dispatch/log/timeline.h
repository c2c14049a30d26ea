#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/storage/message_log.h"

namespace lmsmail::dispatch {

// One entry in the history of a mail. The numbers of Kind equal those of
// lmsmail.dispatch.v1.TimelineEntry.Kind.
struct TimelineEntry {
  enum class Kind : std::int16_t {
    kAccepted = 1,
    kScheduled = 2,
    kClaimed = 3,
    kDeferred = 4,
    kSent = 5,
    kSkipped = 6,
    kFailed = 7,
    kExpired = 8,
    kCancelled = 9,
    kUncertain = 10,
    kRetried = 11,
    kEvent = 12,
  };
  absl::Time time;
  Kind kind = Kind::kAccepted;
  Reason reason = Reason::kNone;
  std::string description;
  int attempt = 0;  // from 1; 0: the entry belongs to no attempt
  std::string transport;
  int reply_code = 0;
  std::string enhanced_code;
  std::string reply_text;
};

// Returns the entries, oldest first.
std::vector<TimelineEntry> BuildTimeline(const History& history);

// Returns a summary in one or two sentences.
std::string Summarize(const History& history);

// Returns the reason as a clause, such as "the address is on the suppression list".
std::string_view Explain(Reason reason);

}  // namespace lmsmail::dispatch
