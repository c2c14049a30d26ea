#pragma once

#include <cstdint>

#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// lmsmail.dispatch.v1.ProviderEvent.Type
inline constexpr std::int16_t kDeliveredEvent = 1;
inline constexpr std::int16_t kBouncedEvent = 2;
inline constexpr std::int16_t kOpenedEvent = 4;
inline constexpr std::int16_t kClickedEvent = 5;
inline constexpr std::int16_t kComplainedEvent = 6;

// Whether the event proves that its mail has arrived.
inline bool ProvesArrival(std::int16_t event) {
  return event == kDeliveredEvent || event == kOpenedEvent || event == kClickedEvent ||
         event == kComplainedEvent;
}

// A recipient that was refused at delivery counts as bounced, like one that is reported later.
inline void CountOutcome(Outcome::Kind kind, Reason reason, std::int64_t count, DayStats& stats) {
  switch (kind) {
    case Outcome::Kind::kSent:
      stats.sent += count;
      break;
    case Outcome::Kind::kFailed:
      stats.failed += count;
      if (reason == Reason::kRecipientRejected) stats.bounced += count;
      break;
    case Outcome::Kind::kSkipped:
      stats.skipped += count;
      break;
    case Outcome::Kind::kCancelled:
    case Outcome::Kind::kExpired:
      stats.dropped += count;
      break;
    case Outcome::Kind::kDeferred:
    case Outcome::Kind::kUncertain:
      break;
  }
}

// Call it for the first event of each type of a mail, and for that by a program.
inline void CountEvent(std::int16_t type, bool machine, std::int64_t count, DayStats& stats) {
  if (machine) {
    if (type == kOpenedEvent) stats.machine_opened += count;
    if (type == kClickedEvent) stats.machine_clicked += count;
    return;
  }
  if (type == kBouncedEvent) stats.bounced += count;
  if (type == kOpenedEvent) stats.opened += count;
  if (type == kClickedEvent) stats.clicked += count;
  if (type == kComplainedEvent) stats.complained += count;
}

}  // namespace lmsmail::dispatch
