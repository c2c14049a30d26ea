#include "services/dispatch/delivery/delivery_policy.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxReplyBytes = 512;

// Cut between characters: the log is UTF-8.
std::string Shortened(std::string text) {
  if (text.size() <= kMaxReplyBytes) return text;
  std::size_t end = kMaxReplyBytes;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text;
}

Outcome Base(const ClaimedMail& claimed) {
  Outcome outcome;
  outcome.id = claimed.mail.id;
  outcome.step = claimed.step;
  outcome.attempt = claimed.attempt;
  return outcome;
}

Outcome End(const ClaimedMail& claimed, Outcome::Kind kind, Reason reason, std::string detail) {
  Outcome outcome = Base(claimed);
  outcome.kind = kind;
  outcome.reason = reason;
  outcome.reply_text = std::move(detail);
  return outcome;
}

// Spreads a wait over [3/4, 5/4) of itself by mail and step: mails that failed together do not all
// come back together, and the same step always waits the same time. Mixer: splitmix64.
absl::Duration Spread(absl::Duration wait, MessageId id, int step) {
  std::uint64_t x = static_cast<std::uint64_t>(id) + 0x9e3779b97f4a7c15u * (step + 1u);
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  x ^= x >> 31;
  const double unit = static_cast<double>(x >> 11) * 0x1.0p-53;
  return wait * (0.75 + 0.5 * unit);
}

absl::Duration Doubled(absl::Duration first, absl::Duration longest, int times) {
  absl::Duration wait = first;
  for (int i = 0; i < times && wait < longest; ++i) wait *= 2;
  return std::min(wait, longest);
}

// Deferred until `retry`, unless the mail's time or its attempts are used up before.
Outcome Defer(Outcome outcome, const ClaimedMail& claimed, Reason reason, absl::Time retry,
              const DeliveryPolicy& policy) {
  const bool tried = outcome.attempt > claimed.attempt;
  if (tried && (outcome.attempt >= policy.max_attempts || retry > claimed.mail.expire_time)) {
    outcome.kind = Outcome::Kind::kFailed;
    outcome.reason = Reason::kRetriesExhausted;
    return outcome;
  }
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = reason;
  outcome.retry_time = retry;
  return outcome;
}

Outcome DecideTemporary(Outcome outcome, const ClaimedMail& claimed, const DeliveryResult& result,
                        absl::Time now, const DeliveryPolicy& policy) {
  absl::Duration wait = Spread(Doubled(policy.first_retry, policy.longest_retry, claimed.attempt),
                               outcome.id, outcome.step);
  if (IsGreylisting(result)) wait = std::max(wait, policy.greylist_retry);
  return Defer(std::move(outcome), claimed, TemporaryReason(result), now + wait, policy);
}

// Not an attempt: nothing reached the server, and the mail is not at fault.
Outcome DecideUnreached(Outcome outcome, const ClaimedMail& claimed, Reason reason, absl::Time now,
                        const DeliveryPolicy& policy) {
  const absl::Duration wait =
      Spread(Doubled(policy.shortest_peer_retry, policy.longest_retry / 4, claimed.step),
             outcome.id, outcome.step);
  outcome.attempt = claimed.attempt;
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = reason;
  outcome.retry_time = now + wait;
  return outcome;
}

Outcome DecideSenderRefused(Outcome outcome, const ClaimedMail& claimed, absl::Time now,
                            const DeliveryPolicy& policy) {
  const absl::Duration wait = Spread(
      Doubled(policy.first_retry, policy.longest_retry, claimed.attempt), outcome.id, outcome.step);
  if (outcome.attempt < policy.max_sender_refusals) {
    outcome = Defer(std::move(outcome), claimed, Reason::kSenderRejected, now + wait, policy);
  } else {
    outcome.kind = Outcome::Kind::kFailed;
  }
  outcome.reason = Reason::kSenderRejected;
  return outcome;
}

Outcome DecideHeld(Outcome outcome, const ClaimedMail& claimed, const DeliveryResult& result,
                   absl::Time now, const DeliveryPolicy& policy) {
  outcome.attempt = claimed.attempt;
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = Reason::kSenderRejected;
  outcome.retry_time = std::max(result.retry_time, now) +
                       Spread(policy.shortest_peer_retry, outcome.id, outcome.step);
  return outcome;
}

Outcome DecideAmbiguous(Outcome outcome, const ClaimedMail& claimed, absl::Time now,
                        const DeliveryPolicy& policy) {
  outcome.kind = Outcome::Kind::kUncertain;
  outcome.reason = Reason::kConnectionLostAfterData;
  const absl::Time retry = now + Spread(policy.ambiguous_retry, outcome.id, outcome.step);
  const bool resend = policy.resend_uncertain.contains(claimed.mail.template_ref.category) &&
                      outcome.attempt < policy.max_attempts && retry <= claimed.mail.expire_time;
  if (resend) {
    outcome.kind = Outcome::Kind::kDeferred;
    outcome.retry_time = retry;
  }
  return outcome;
}

}  // namespace

std::set<Category> DeliveryPolicy::CategoriesResentWhenUncertain() {
  std::set<Category> categories;
  for (const Category category : kCategories) {
    if (PolicyOf(category).resend_when_uncertain) categories.insert(category);
  }
  return categories;
}

std::optional<Outcome> DecideBeforeCheck(const ClaimedMail& claimed, absl::Time now,
                                         const DeliveryPolicy& policy) {
  if (claimed.cancelled) {
    return End(claimed, Outcome::Kind::kCancelled, Reason::kCancelled, "cancelled before sending");
  }
  if (claimed.recovered && !policy.resend_recovered.contains(claimed.mail.template_ref.category)) {
    return End(claimed, Outcome::Kind::kUncertain, Reason::kConnectionLostAfterData,
               "the worker that had this mail stopped without saying whether it was sent");
  }
  if (now > claimed.mail.expire_time) {
    return End(claimed, Outcome::Kind::kExpired, Reason::kExpired,
               "its expire_time passed before it could be sent");
  }
  return std::nullopt;
}

std::optional<Outcome> DecideByVerdict(const ClaimedMail& claimed, const Verdict& verdict,
                                       absl::Time now) {
  switch (verdict.decision) {
    case Verdict::Decision::kAllow:
      return std::nullopt;
    case Verdict::Decision::kSkip:
      return End(claimed, Outcome::Kind::kSkipped, verdict.reason, "");
    case Verdict::Decision::kDefer:
      break;
  }
  if (verdict.retry_time > claimed.mail.expire_time) {
    return End(claimed, Outcome::Kind::kExpired, verdict.reason,
               "quiet hours last longer than the mail may wait");
  }
  Outcome outcome = End(claimed, Outcome::Kind::kDeferred, verdict.reason, "");
  // A peer whose clock is behind must not make a busy loop.
  outcome.retry_time = std::max(verdict.retry_time, now + absl::Seconds(1));
  return outcome;
}

Outcome PutOff(const ClaimedMail& claimed, Reason reason, absl::Time now,
               const DeliveryPolicy& policy) {
  Outcome outcome = End(claimed, Outcome::Kind::kDeferred, reason, "");
  const absl::Duration wait =
      Doubled(policy.shortest_peer_retry, policy.longest_peer_retry, claimed.step);
  outcome.retry_time = now + std::min(Spread(wait, claimed.mail.id, claimed.step) + wait / 4,
                                      policy.longest_peer_retry);
  return outcome;
}

Outcome FailUnwritten(const ClaimedMail& claimed, Reason reason, std::string detail) {
  return End(claimed, Outcome::Kind::kFailed, reason, Shortened(std::move(detail)));
}

Outcome DecideByResult(const ClaimedMail& claimed, const DeliveryResult& result, absl::Time now,
                       const DeliveryPolicy& policy) {
  Outcome outcome = Base(claimed);
  ++outcome.attempt;
  outcome.reply_code = result.reply_code;
  outcome.enhanced_code = result.enhanced_code;
  outcome.reply_text = Shortened(result.reply_text);
  switch (result.kind) {
    case DeliveryResult::Kind::kAccepted:
      outcome.kind = Outcome::Kind::kSent;
      return outcome;
    case DeliveryResult::Kind::kRejectedPermanent:
      if (IsTemporaryDespiteItsCode(result)) {
        return DecideTemporary(std::move(outcome), claimed, result, now, policy);
      }
      if (RefusesSender(result)) {
        return DecideSenderRefused(std::move(outcome), claimed, now, policy);
      }
      outcome.kind = Outcome::Kind::kFailed;
      outcome.reason = PermanentReason(result);
      return outcome;
    case DeliveryResult::Kind::kRejectedTemporary:
      return DecideTemporary(std::move(outcome), claimed, result, now, policy);
    case DeliveryResult::Kind::kAmbiguous:
      return DecideAmbiguous(std::move(outcome), claimed, now, policy);
    case DeliveryResult::Kind::kConnectionFault:
      return DecideUnreached(std::move(outcome), claimed, Reason::kUnreachable, now, policy);
    case DeliveryResult::Kind::kBusy:
      return DecideUnreached(std::move(outcome), claimed, Reason::kRateLimited, now, policy);
    case DeliveryResult::Kind::kHeld:
      return DecideHeld(std::move(outcome), claimed, result, now, policy);
    case DeliveryResult::Kind::kCancelled:
      outcome.attempt = claimed.attempt;
      outcome.kind = Outcome::Kind::kDeferred;
      outcome.reason = Reason::kUnreachable;
      outcome.retry_time = now;
      return outcome;
  }
  return outcome;
}

}  // namespace lmsmail::dispatch
