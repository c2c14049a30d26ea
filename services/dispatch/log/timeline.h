#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/time/time.h"

#include "services/dispatch/storage/message_log.h"

namespace lmsmail::dispatch {

// One thing that happened to a mail. Numbers of Kind equal those of
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
  int attempt = 0;  // 0: belongs to none
  std::string transport;
  int reply_code = 0;
  std::string enhanced_code;
  std::string reply_text;
};

// Oldest first.
std::vector<TimelineEntry> BuildTimeline(const History& history);

// The whole in one or two sentences.
std::string Summarize(const History& history);

// A reason as the end of a sentence: "the recipient does not want this category of mail".
std::string_view Explain(Reason reason);

}  // namespace lmsmail::dispatch
