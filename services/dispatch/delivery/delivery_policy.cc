#include "services/dispatch/delivery/delivery_policy.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>

#include "libs/strings/utf8.h"

namespace lmsmail::dispatch {
namespace {

constexpr std::size_t kMaxReplyBytes = 512;
// Long enough for a claim, a check and a slow server.
constexpr absl::Duration kLastAttemptMargin = absl::Seconds(30);

Outcome Base(const ClaimedMail& claimed) {
  Outcome outcome;
  outcome.id = claimed.mail.id;
  outcome.delivery_count = claimed.delivery_count;
  outcome.attempt = claimed.attempt;
  outcome.traceparent = claimed.mail.traceparent;
  outcome.template_key = claimed.mail.template_ref.key;
  outcome.category = claimed.mail.template_ref.category;
  outcome.lane = claimed.mail.lane;
  return outcome;
}

Outcome End(const ClaimedMail& claimed, Outcome::Kind kind, Reason reason, std::string detail) {
  Outcome outcome = Base(claimed);
  outcome.kind = kind;
  outcome.reason = reason;
  outcome.reply_text = std::move(detail);
  return outcome;
}

// The same delivery of the same mail always gets the same wait.
absl::Duration Jittered(absl::Duration wait, const Outcome& outcome) {
  return retry::WithJitter(wait, static_cast<std::uint64_t>(outcome.id), outcome.delivery_count);
}

absl::Duration AttemptBackoff(const ClaimedMail& claimed, const Outcome& outcome,
                              const DeliveryPolicy& policy) {
  return Jittered(retry::Backoff(policy.backoff, claimed.attempt + 1), outcome);
}

// `retry_time`, but not long past the expire_time, so that the mail is recorded as expired in time.
// A wait that would outlast the mail ends with one last attempt shortly before.
absl::Time NextAttempt(const ClaimedMail& claimed, absl::Time retry_time, absl::Time now) {
  const absl::Time expire_time = claimed.mail.expire_time;
  if (retry_time <= expire_time) return retry_time;
  const absl::Time last = expire_time - kLastAttemptMargin;
  return last > now + kLastAttemptMargin ? last : expire_time + absl::Milliseconds(1);
}

Outcome DeferUntil(Outcome outcome, const ClaimedMail& claimed, Reason reason,
                   absl::Time retry_time, absl::Time now) {
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = reason;
  outcome.retry_time = NextAttempt(claimed, retry_time, now);
  return outcome;
}

// No attempt is counted: nothing reached the server.
Outcome DeferUncounted(Outcome outcome, const ClaimedMail& claimed, Reason reason,
                       absl::Time retry_time, absl::Time now) {
  outcome.attempt = claimed.attempt;
  return DeferUntil(std::move(outcome), claimed, reason, retry_time, now);
}

Outcome DecideTemporary(Outcome outcome, const ClaimedMail& claimed, const Refusal& refusal,
                        absl::Time now, const DeliveryPolicy& policy) {
  absl::Duration wait = std::max(AttemptBackoff(claimed, outcome, policy), refusal.retry_after);
  if (refusal.greylisted) wait = std::max(wait, policy.greylist_backoff);
  return DeferUntil(std::move(outcome), claimed, refusal.reason, now + wait, now);
}

absl::Duration UnreachedBackoff(const ClaimedMail& claimed, const Outcome& outcome,
                                const DeliveryPolicy& policy) {
  const retry::BackoffPolicy backoff{.initial = policy.peer_backoff.initial,
                                     .max = policy.backoff.max / 4};
  return Jittered(retry::Backoff(backoff, claimed.delivery_count + 1), outcome);
}

Outcome DecideUnreached(Outcome outcome, const ClaimedMail& claimed, Reason reason, absl::Time now,
                        const DeliveryPolicy& policy) {
  const absl::Duration wait = UnreachedBackoff(claimed, outcome, policy);
  return DeferUncounted(std::move(outcome), claimed, reason, now + wait, now);
}

Outcome DecideSenderRejected(Outcome outcome, const ClaimedMail& claimed, absl::Time now,
                             const DeliveryPolicy& policy) {
  outcome.reason = Reason::kSenderRejected;
  if (claimed.sender_rejections + 1 >= policy.max_sender_rejections) {
    outcome.kind = Outcome::Kind::kFailed;
    return outcome;
  }
  const absl::Time retry_time = now + AttemptBackoff(claimed, outcome, policy);
  return DeferUntil(std::move(outcome), claimed, Reason::kSenderRejected, retry_time, now);
}

Outcome DecideRefused(Outcome outcome, const ClaimedMail& claimed, const Refusal& refusal,
                      absl::Time now, const DeliveryPolicy& policy) {
  switch (refusal.kind) {
    case Refusal::Kind::kTemporary:
      return DecideTemporary(std::move(outcome), claimed, refusal, now, policy);
    case Refusal::Kind::kSender:
      return DecideSenderRejected(std::move(outcome), claimed, now, policy);
    case Refusal::Kind::kRecipient:
    case Refusal::Kind::kMail:
      break;
  }
  outcome.kind = Outcome::Kind::kFailed;
  outcome.reason = refusal.reason;
  return outcome;
}

Outcome DecideBreakerOpen(Outcome outcome, const ClaimedMail& claimed, const DeliveryResult& result,
                          absl::Time now, const DeliveryPolicy& policy, Alternative alternative) {
  absl::Time retry_time =
      std::max(result.retry_time, now) + Jittered(policy.peer_backoff.initial, outcome);
  // The alternative may be available long before the breaker closes.
  if (alternative == Alternative::kUnavailable) {
    retry_time = std::min(retry_time, now + UnreachedBackoff(claimed, outcome, policy));
  }
  return DeferUncounted(std::move(outcome), claimed, Reason::kSenderRejected, retry_time, now);
}

Outcome DecideGivenBack(Outcome outcome, const ClaimedMail& claimed, const DeliveryResult& result,
                        absl::Time now, const DeliveryPolicy& policy, Alternative alternative) {
  if (result.kind == DeliveryResult::Kind::kBreakerOpen) {
    outcome = DecideBreakerOpen(std::move(outcome), claimed, result, now, policy, alternative);
  } else {
    const Reason reason =
        result.kind == DeliveryResult::Kind::kBusy ? Reason::kRateLimited : Reason::kUnreachable;
    outcome = DecideUnreached(std::move(outcome), claimed, reason, now, policy);
  }
  if (alternative == Alternative::kAvailable) outcome.retry_time = now;
  return outcome;
}

Outcome DecideAmbiguous(Outcome outcome, const ClaimedMail& claimed, absl::Time now,
                        const DeliveryPolicy& policy) {
  outcome.kind = Outcome::Kind::kUncertain;
  outcome.reason = Reason::kConnectionLostAfterData;
  const absl::Time retry_time = now + Jittered(policy.uncertain_backoff, outcome);
  const bool resend = policy.resend_uncertain.contains(claimed.mail.template_ref.category) &&
                      claimed.resends < policy.max_resends &&
                      retry_time <= claimed.mail.expire_time;
  if (resend) {
    outcome.kind = Outcome::Kind::kDeferred;
    outcome.retry_time = retry_time;
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
  // Guards against a busy loop when the peer's clock is behind.
  outcome.retry_time = std::max(verdict.retry_time, now + absl::Seconds(1));
  return outcome;
}

Outcome Defer(const ClaimedMail& claimed, Reason reason, absl::Time now,
              const DeliveryPolicy& policy) {
  Outcome outcome = End(claimed, Outcome::Kind::kDeferred, reason, "");
  const absl::Duration wait = retry::Backoff(policy.peer_backoff, claimed.delivery_count + 1);
  const absl::Time retry_time =
      now + std::min(Jittered(wait, outcome) + wait / 4, policy.peer_backoff.max);
  outcome.retry_time = std::min(retry_time, claimed.mail.expire_time + absl::Milliseconds(1));
  return outcome;
}

Outcome DeferForLimit(const ClaimedMail& claimed, absl::Time retry_time, std::string detail) {
  Outcome outcome = End(claimed, Outcome::Kind::kDeferred, Reason::kRateLimited, std::move(detail));
  outcome.retry_time = std::min(retry_time, claimed.mail.expire_time + absl::Milliseconds(1));
  return outcome;
}

Outcome FailUnrendered(const ClaimedMail& claimed, Reason reason, const std::string& detail) {
  return End(claimed, Outcome::Kind::kFailed, reason,
             std::string(TruncateUtf8(detail, kMaxReplyBytes)));
}

bool GivesBack(const DeliveryResult& result) {
  return result.kind == DeliveryResult::Kind::kConnectionError ||
         result.kind == DeliveryResult::Kind::kBusy ||
         result.kind == DeliveryResult::Kind::kBreakerOpen;
}

Outcome DecideByResult(const ClaimedMail& claimed, const DeliveryResult& result, absl::Time now,
                       const DeliveryPolicy& policy, Alternative alternative) {
  Outcome outcome = Base(claimed);
  ++outcome.attempt;
  outcome.reply_code = result.reply_code;
  outcome.enhanced_code = result.enhanced_code;
  outcome.reply_text = std::string(TruncateUtf8(result.reply_text, kMaxReplyBytes));
  switch (result.kind) {
    case DeliveryResult::Kind::kAccepted:
      outcome.kind = Outcome::Kind::kSent;
      outcome.latency = std::max(now - std::max(claimed.mail.create_time, claimed.mail.due_time),
                                 absl::ZeroDuration());
      return outcome;
    case DeliveryResult::Kind::kRefused:
      return DecideRefused(std::move(outcome), claimed, result.refusal.value_or(Refusal()), now,
                           policy);
    case DeliveryResult::Kind::kAmbiguous:
      return DecideAmbiguous(std::move(outcome), claimed, now, policy);
    case DeliveryResult::Kind::kConnectionError:
    case DeliveryResult::Kind::kBusy:
    case DeliveryResult::Kind::kBreakerOpen:
      return DecideGivenBack(std::move(outcome), claimed, result, now, policy, alternative);
    case DeliveryResult::Kind::kCancelled:
      return DeferUncounted(std::move(outcome), claimed, Reason::kUnreachable, now, now);
  }
  return outcome;
}

}  // namespace lmsmail::dispatch
