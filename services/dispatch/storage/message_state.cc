#include "services/dispatch/storage/message_state.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/message/resource_names.h"

namespace lmsmail::dispatch {
namespace {

bool IsUndone(const MessageFacts& facts) {
  return facts.retried &&
         (!facts.latest || facts.retried->delivery_count > facts.latest->outcome.delivery_count);
}

// The final outcome; null while there is none.
const RecordedOutcome* FinalOutcome(const MessageFacts& facts) {
  if (facts.sent) return &*facts.sent;
  if (!facts.latest || !IsFinal(facts.latest->outcome.kind) || IsUndone(facts)) return nullptr;
  return &*facts.latest;
}

// The state of a mail with this final outcome. What providers report comes in any order, so a
// bounce outweighs a delivery whichever is first.
State ReportedState(const Outcome& final_outcome, const MessageFacts& facts) {
  const bool never_arrived = final_outcome.kind == Outcome::Kind::kFailed &&
                             final_outcome.reason == Reason::kBounced;  // it was UNCERTAIN
  const bool handed_over =
      final_outcome.kind == Outcome::Kind::kSent || final_outcome.kind == Outcome::Kind::kUncertain;
  if (never_arrived || (handed_over && facts.bounced)) return State::kBounced;
  if (handed_over && facts.delivered) return State::kDelivered;
  return StateOf(final_outcome.kind);
}

void AddReport(const MessageFacts& facts, MessageRecord& record) {
  const std::optional<MessageFacts::Reported>* report = nullptr;
  if (record.state == State::kBounced) {
    record.reason = Reason::kBounced;
    report = &facts.bounced;
  } else if (record.state == State::kDelivered) {
    record.reason = Reason::kNone;
    report = &facts.delivered;
  }
  if (report == nullptr || !report->has_value()) return;
  record.detail = (*report)->detail;
  // The report may have been faster than the record that the mail was sent.
  record.update_time = std::max(record.update_time, (*report)->time);
}

absl::Time NextAttempt(const MessageFacts& facts, absl::Time due) {
  if (IsUndone(facts)) return facts.retried->due.value_or(due);
  return facts.latest ? facts.latest->outcome.retry_time : due;
}

}  // namespace

State StateOf(Outcome::Kind final_kind) {
  switch (final_kind) {
    case Outcome::Kind::kSent:
      return State::kSent;
    case Outcome::Kind::kFailed:
      return State::kFailed;
    case Outcome::Kind::kCancelled:
      return State::kCancelled;
    case Outcome::Kind::kExpired:
      return State::kExpired;
    case Outcome::Kind::kUncertain:
      return State::kUncertain;
    case Outcome::Kind::kSkipped:
      return State::kSkipped;
    case Outcome::Kind::kDeferred:
      break;
  }
  return State::kQueued;
}

State StateOf(const MessageFacts& facts, absl::Time due, absl::Time now) {
  if (facts.scheduled) return facts.cancelled ? State::kCancelled : State::kScheduled;
  if (const RecordedOutcome* decided = FinalOutcome(facts)) {
    return ReportedState(decided->outcome, facts);
  }
  if (facts.held_delivery_count > (facts.latest ? facts.latest->outcome.delivery_count : 0))
    return State::kSending;
  if (!facts.latest && !facts.retried && due > now) return State::kScheduled;
  return State::kQueued;
}

MessageRecord MakeRecord(Mail mail, const MessageFacts& facts, absl::Time now) {
  MessageRecord record;
  record.state = StateOf(facts, mail.due_time, now);
  record.update_time = mail.create_time;
  if (facts.latest) record.attempt_count = facts.latest->outcome.attempt;
  const RecordedOutcome* decided = FinalOutcome(facts);
  if (!decided && facts.latest && !IsUndone(facts)) decided = &*facts.latest;
  if (decided) {
    record.reason = decided->outcome.reason;
    record.detail = decided->outcome.reply_text;
    record.update_time = decided->time;
    record.content_hash = decided->outcome.content_hash;
    record.transport = decided->outcome.transport;
    record.attempt_count = std::max(record.attempt_count, decided->outcome.attempt);
    AddReport(facts, record);
  } else if (facts.scheduled && facts.cancelled) {
    record.reason = Reason::kCancelled;
    record.update_time = *facts.cancelled;
  } else if (facts.retried) {
    record.update_time = facts.retried->time;
  }
  if (record.state == State::kScheduled || record.state == State::kQueued) {
    record.next_attempt_time = NextAttempt(facts, mail.due_time);
  }
  record.engagement = facts.engagement;
  record.mail = std::move(mail);
  return record;
}

absl::Status ContentDroppedError(MessageId id, absl::Time due, absl::Time drop) {
  const std::string days = fmt::format("{}", (drop - due) / absl::Hours(24));
  return WithReason(
      absl::FailedPreconditionError(fmt::format(
          "{} can't be sent again: its content was dropped {} days after it was due, as "
          "retention.content says; send a new mail",
          MessageName(id), days)),
      {"CONTENT_DROPPED", {{"days", days}}});
}

}  // namespace lmsmail::dispatch
