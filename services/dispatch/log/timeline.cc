#include "services/dispatch/log/timeline.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "libs/identity/owned_key.h"
#include "libs/tracing/traceparent.h"

namespace lmsmail::dispatch {
namespace {

std::string TimeText(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", time, absl::UTCTimeZone());
}

// Finds the trace, where traces are kept.
std::string TraceText(const Mail& mail) {
  if (mail.traceparent.empty()) return "";
  return fmt::format(", in the trace {}", tracing::TraceIdOf(mail.traceparent));
}

std::string ReplyOf(const Outcome& outcome) {
  if (outcome.reply_code == 0) return outcome.reply_text;
  // Servers normally repeat the enhanced code in their text.
  const bool repeated = outcome.reply_text.starts_with(outcome.enhanced_code);
  return fmt::format("{}{}{}{}{}", outcome.reply_code,
                     outcome.enhanced_code.empty() || repeated ? "" : " ",
                     repeated ? "" : outcome.enhanced_code, outcome.reply_text.empty() ? "" : " ",
                     outcome.reply_text);
}

TimelineEntry::Kind KindOf(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kSent:
      return TimelineEntry::Kind::kSent;
    case Outcome::Kind::kDeferred:
      return TimelineEntry::Kind::kDeferred;
    case Outcome::Kind::kFailed:
      return TimelineEntry::Kind::kFailed;
    case Outcome::Kind::kCancelled:
      return TimelineEntry::Kind::kCancelled;
    case Outcome::Kind::kExpired:
      return TimelineEntry::Kind::kExpired;
    case Outcome::Kind::kUncertain:
      return TimelineEntry::Kind::kUncertain;
    case Outcome::Kind::kSkipped:
      return TimelineEntry::Kind::kSkipped;
  }
  return TimelineEntry::Kind::kFailed;
}

std::string Describe(const Outcome& outcome) {
  switch (outcome.kind) {
    case Outcome::Kind::kSent:
      return "the server accepted the mail";
    case Outcome::Kind::kDeferred:
      return fmt::format("deferred until {}: {}", TimeText(outcome.retry_time),
                         Explain(outcome.reason));
    case Outcome::Kind::kFailed:
      return fmt::format("failed: {}", Explain(outcome.reason));
    case Outcome::Kind::kCancelled:
      return "cancelled before the mail was sent";
    case Outcome::Kind::kExpired:
      return fmt::format("not sent: {}", Explain(outcome.reason));
    case Outcome::Kind::kUncertain:
      return fmt::format("the mail may have arrived: {}", Explain(outcome.reason));
    case Outcome::Kind::kSkipped:
      return fmt::format("not sent: {}", Explain(outcome.reason));
  }
  return "";
}

TimelineEntry EntryOf(const RecordedOutcome& recorded) {
  const Outcome& outcome = recorded.outcome;
  TimelineEntry entry;
  entry.time = recorded.time;
  entry.kind = KindOf(outcome.kind);
  entry.reason = outcome.reason;
  entry.description = Describe(outcome);
  // Only an outcome of a transport is an attempt.
  entry.attempt = outcome.transport.empty() ? 0 : outcome.attempt;
  entry.transport = outcome.transport;
  entry.reply_code = outcome.reply_code;
  entry.enhanced_code = outcome.enhanced_code;
  entry.reply_text = outcome.reply_text;
  return entry;
}

std::string_view DescribeEvent(EventType type, bool machine = false) {
  if (machine) {
    return type == EventType::kOpened
               ? "a program loaded the tracking pixel, as proxies of mail providers do"
               : "a program followed a link in the mail, as scanners for malware do";
  }
  switch (type) {
    case EventType::kDelivered:
      return "the recipient's server accepted the mail";
    case EventType::kBounced:
      return "the mail bounced";
    case EventType::kDeferred:
      return "the delivery is tried again later";
    case EventType::kOpened:
      return "the mail was opened, as far as a tracking pixel shows";
    case EventType::kClicked:
      return "a link in the mail was followed";
    case EventType::kComplained:
      return "the recipient reported the mail as unwanted";
    case EventType::kRejected:
      return "the provider refused to send the mail";
    case EventType::kUnsubscribed:
      return "the recipient unsubscribed at the provider";
  }
  return "the provider reported an unknown event";
}

void AddEntry(std::vector<TimelineEntry>& entries, absl::Time time, TimelineEntry::Kind kind,
              std::string description) {
  TimelineEntry entry;
  entry.time = time;
  entry.kind = kind;
  entry.description = std::move(description);
  entries.push_back(std::move(entry));
}

const RecordedOutcome* LatestOf(const History& history) {
  return history.outcomes.empty() ? nullptr : &history.outcomes.back();
}

std::string FormatAttempts(int attempts) {
  return attempts == 1 ? "1 attempt" : fmt::format("{} attempts", attempts);
}

// "; the server said: 451 4.7.1 come back later"
std::string LastReply(const History& history) {
  const RecordedOutcome* const latest = LatestOf(history);
  if (latest == nullptr) return "";
  const std::string reply = ReplyOf(latest->outcome);
  if (reply.empty()) return "";
  return latest->outcome.reply_code != 0 ? fmt::format("; the server said: {}", reply)
                                         : fmt::format("; {}", reply);
}

// ", tried 3 times": how often the mail was deferred for the latest reason in a row.
std::string TriesOf(const History& history) {
  const Reason reason = history.outcomes.back().outcome.reason;
  const auto other = std::find_if(
      history.outcomes.rbegin(), history.outcomes.rend(), [reason](const RecordedOutcome& past) {
        return past.outcome.kind != Outcome::Kind::kDeferred || past.outcome.reason != reason;
      });
  const auto tries = std::distance(history.outcomes.rbegin(), other);
  return tries < 2 ? "" : fmt::format(", tried {} times", tries);
}

std::string SummarizeWaiting(const History& history) {
  const MessageRecord& record = history.record;
  const RecordedOutcome* const latest = LatestOf(history);
  if (latest == nullptr || latest->outcome.kind != Outcome::Kind::kDeferred) {
    return "The mail waits in the queue.";
  }
  return fmt::format("Deferred at {} because {}{}{}. The next attempt is at {}{}.",
                     TimeText(latest->time), Explain(latest->outcome.reason), LastReply(history),
                     TriesOf(history),
                     TimeText(record.next_attempt_time.value_or(latest->outcome.retry_time)),
                     record.attempt_count == 0
                         ? ""
                         : fmt::format(", after {} so far", FormatAttempts(record.attempt_count)));
}

// What kept a mail from being sent until it expired.
std::string LastObstacle(History history) {
  while (!history.outcomes.empty() &&
         history.outcomes.back().outcome.kind != Outcome::Kind::kDeferred) {
    history.outcomes.pop_back();
  }
  if (history.outcomes.empty()) return "";
  return fmt::format(" The last obstacle: {}{}{}.", Explain(history.outcomes.back().outcome.reason),
                     LastReply(history), TriesOf(history));
}

// A server accepts mail that bounces later, or that its recipient complains about.
std::string AfterSending(const History& history) {
  std::string text;
  for (const History::Event& event : history.events) {
    const bool bad = event.type == EventType::kBounced || event.type == EventType::kComplained ||
                     event.type == EventType::kRejected;
    if (!bad) continue;
    text += fmt::format(" At {}, {}{}{}.", TimeText(event.time), DescribeEvent(event.type),
                        event.detail.empty() ? "" : ": ", event.detail);
  }
  return text;
}

// A wait can take several claims, which differ in nothing but the time.
bool ContinuesWait(const RecordedOutcome& before, const RecordedOutcome& next) {
  return before.outcome.kind == Outcome::Kind::kDeferred &&
         next.outcome.kind == Outcome::Kind::kDeferred &&
         before.outcome.reason == next.outcome.reason && before.outcome.reply_code == 0 &&
         next.outcome.reply_code == 0 && before.outcome.reply_text == next.outcome.reply_text;
}

// One entry for each attempt and each wait. That of a wait has the time of its first outcome and
// the rest of its last.
void AddOutcomes(const std::vector<RecordedOutcome>& outcomes,
                 std::vector<TimelineEntry>& entries) {
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const absl::Time begin = outcomes[i].time;
    while (i + 1 < outcomes.size() && ContinuesWait(outcomes[i], outcomes[i + 1])) ++i;
    entries.push_back(EntryOf(outcomes[i]));
    entries.back().time = begin;
  }
}

// Empty for a mail without a key of its own.
std::string UnderKey(std::string_view owned_key) {
  const std::string_view key = identity::SplitOwnedKey(owned_key).key;
  return key.empty() ? std::string() : fmt::format(" under the key \"{}\"", key);
}

}  // namespace

std::string_view Explain(Reason reason) {
  switch (reason) {
    case Reason::kNone:
      return "no reason was recorded";
    case Reason::kUnknownRecipient:
      return "the recipient is unknown or was erased";
    case Reason::kUnsubscribed:
      return "the recipient has unsubscribed from this category of mail";
    case Reason::kBounced:
      return "earlier mail to the address bounced permanently";
    case Reason::kComplained:
      return "the recipient reported earlier mail as unwanted";
    case Reason::kSuppressed:
      return "the address is on the suppression list";
    case Reason::kInvalidAddress:
      return "the address is not valid";
    case Reason::kQuietHours:
      return "the quiet hours of the recipient's time zone have begun";
    case Reason::kNoConsent:
      return "this category needs consent, and a bare address has given none";
    case Reason::kTemplateUnavailable:
      return "the template was deleted or has no content";
    case Reason::kRenderFailed:
      return "the template could not be rendered with this context";
    case Reason::kTooLarge:
      return "the mail is too large";
    case Reason::kRecipientRejected:
      return "the server rejected the recipient permanently";
    case Reason::kSenderRejected:
      return "the server refuses the sender: its identity, login, reputation or quota; the "
             "recipient is "
             "not the cause";
    case Reason::kContentRejected:
      return "the server rejected the content of the mail permanently";
    case Reason::kDeferredByServer:
      return "the server rejected the mail temporarily";
    case Reason::kUnreachable:
      return "the server could not be reached";
    case Reason::kRateLimited:
      return "a rate or connection limit was reached";
    case Reason::kCheckUnavailable:
      return "the preference service was unavailable, and no mail is sent unchecked";
    case Reason::kConnectionLostAfterData:
      return "the connection broke between the last byte and the reply";
    case Reason::kCancelled:
      return "the mail was cancelled";
    case Reason::kExpired:
      return "the expire_time passed before the mail was sent";
    case Reason::kDatabaseRestored:
      return "the mail was due when the database was restored to an earlier time, and may have "
             "been "
             "sent since then";
  }
  return "the reason is unknown to this version";
}

std::vector<TimelineEntry> BuildTimeline(const History& history) {
  const Mail& mail = history.record.mail;
  std::vector<TimelineEntry> entries;
  AddEntry(entries, mail.create_time, TimelineEntry::Kind::kAccepted,
           fmt::format("accepted from {}{}{}", mail.sender, UnderKey(mail.key), TraceText(mail)));
  if (mail.due_time > mail.create_time + absl::Seconds(1)) {
    AddEntry(entries, mail.create_time, TimelineEntry::Kind::kScheduled,
             fmt::format("not to be sent before {}", TimeText(mail.due_time)));
  }
  AddOutcomes(history.outcomes, entries);
  for (const History::Retried& retried : history.retries) {
    AddEntry(entries, retried.time, TimelineEntry::Kind::kRetried,
             fmt::format("queued again under the key \"{}\"", retried.request_id));
  }
  if (history.cancel_requested && history.record.state != State::kCancelled) {
    AddEntry(entries, *history.cancel_requested, TimelineEntry::Kind::kCancelled,
             "cancellation was requested");
  }
  if (history.cancel_requested && history.record.state == State::kCancelled &&
      std::none_of(entries.begin(), entries.end(), [](const TimelineEntry& entry) {
        return entry.kind == TimelineEntry::Kind::kCancelled;
      })) {
    AddEntry(entries, *history.cancel_requested, TimelineEntry::Kind::kCancelled, "cancelled");
  }
  if (history.claimed) {
    AddEntry(entries, *history.claimed, TimelineEntry::Kind::kClaimed, "a worker claimed the mail");
  }
  for (const History::Event& event : history.events) {
    AddEntry(entries, event.time, TimelineEntry::Kind::kEvent,
             fmt::format("{}{}{}", DescribeEvent(event.type, event.machine),
                         event.detail.empty() ? "" : ": ", event.detail));
  }
  std::stable_sort(entries.begin(), entries.end(),
                   [](const TimelineEntry& a, const TimelineEntry& b) { return a.time < b.time; });
  return entries;
}

namespace {

std::string SummarizeState(const History& history) {
  const MessageRecord& record = history.record;
  const std::string when = TimeText(record.update_time);
  switch (record.state) {
    case State::kScheduled:
      return fmt::format("The mail is scheduled for {}.", TimeText(record.mail.due_time));
    case State::kQueued:
      return SummarizeWaiting(history);
    case State::kSending:
      return "A worker is sending the mail.";
    case State::kSent:
      return fmt::format("Sent to the server at {}{}.{}", when, LastReply(history),
                         AfterSending(history));
    case State::kDelivered:
      return fmt::format("Delivered at {}: {}.{}", when, DescribeEvent(EventType::kDelivered),
                         AfterSending(history));
    case State::kBounced:
      return fmt::format("Bounced at {}{}{}.", when, record.detail.empty() ? "" : ": ",
                         record.detail);
    case State::kSkipped:
      return fmt::format("Not sent, decided at {}: {}.", when, Explain(record.reason));
    case State::kFailed:
      return fmt::format("Failed at {}{}: {}{}.", when,
                         record.attempt_count == 0
                             ? ""
                             : fmt::format(" after {}", FormatAttempts(record.attempt_count)),
                         Explain(record.reason), LastReply(history));
    case State::kExpired:
      return fmt::format("Expired at {}: {}.{}", when, Explain(record.reason),
                         LastObstacle(history));
    case State::kCancelled:
      return fmt::format("Cancelled at {}; the mail was not sent.", when);
    case State::kUncertain:
      return fmt::format("The mail may have arrived: {} at {}. RetryMessage sends it again.",
                         Explain(record.reason), when);
  }
  return "";
}

}  // namespace

std::string Summarize(const History& history) {
  std::string summary = SummarizeState(history);
  if (const auto dropped = history.record.mail.content_drop_time) {
    summary += fmt::format(" Its content was dropped at {}.", TimeText(*dropped));
  }
  return summary;
}

}  // namespace lmsmail::dispatch
