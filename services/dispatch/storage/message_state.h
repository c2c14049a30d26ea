#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "services/dispatch/message/message.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

inline bool IsFinal(Outcome::Kind kind) { return kind != Outcome::Kind::kDeferred; }
State StateOf(Outcome::Kind final_kind);

// What a store knows about a mail. Its state is not stored but follows from these.
struct MessageFacts {
  bool scheduled = false;                 // due on a later day, not in the queue yet
  std::optional<absl::Time> cancelled;    // when it was requested; final if `scheduled`
  std::optional<RecordedOutcome> sent;    // by whichever worker
  std::optional<RecordedOutcome> latest;  // the one with the highest delivery count
  struct Retried {
    int delivery_count = 0;
    absl::Time time;
    std::optional<absl::Time> due;  // nullopt: that of the mail
  };
  std::optional<Retried> retried;  // the one with the highest delivery count
  int held_delivery_count = 0;     // in the claim that holds it; 0: none
  // The first report of a provider since the latest retry.
  struct Reported {
    absl::Time time;
    std::string detail;
  };
  std::optional<Reported> delivered;
  std::optional<Reported> bounced;
  Engagement engagement = {};
};

State StateOf(const MessageFacts& facts, absl::Time due, absl::Time now);
MessageRecord MakeRecord(Mail mail, const MessageFacts& facts, absl::Time now);

// Why a mail can't be sent again.
absl::Status ContentDroppedError(MessageId id, absl::Time due, absl::Time drop);

}  // namespace lmsmail::dispatch
