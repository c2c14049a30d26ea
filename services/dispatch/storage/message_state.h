#pragma once

#include <optional>

#include "absl/time/time.h"

#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

inline bool IsFinal(Outcome::Kind kind) { return kind != Outcome::Kind::kDeferred; }
State StateOf(Outcome::Kind final_kind);

// What stores know of a mail. No state is stored: it follows from these.
struct MessageFacts {
  bool far = false;                       // among the mails of later days
  std::optional<absl::Time> cancelled;    // asked to be cancelled; final for one that is far
  std::optional<RecordedOutcome> sent;    // that it was sent, whoever reported it
  std::optional<RecordedOutcome> latest;  // of the highest step
  struct Retried {
    int step = 0;
    absl::Time time;
    absl::Time due;
  };
  std::optional<Retried> retried;  // of the highest step
  int held_step = 0;               // of the claim that has it; 0: none
};

State StateOf(const MessageFacts& facts, absl::Time due, absl::Time now);
MessageRecord MakeRecord(Mail mail, const MessageFacts& facts, absl::Time now);

}  // namespace lmsmail::dispatch
