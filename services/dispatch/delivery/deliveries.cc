#include "services/dispatch/delivery/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/dispatch/transports/reply_classification.h"

namespace lmsmail::dispatch {
namespace {

// A mail whose limits cannot be kept together goes back into the queue.
constexpr int kMostExpiredTurns = 3;
constexpr absl::Duration kCrowdedWait = absl::Seconds(2);

}  // namespace

bool Deliveries::MayGoOn(ClaimId claim) const { return !stopping_ && HasRightTo(claim); }

bool Deliveries::HasRightTo(ClaimId claim) const { return d_.claims.Usable(claim, d_.clock.Now()); }

bool Deliveries::AcquirePermit(DeliveryAttempt& attempt) {
  const std::size_t next = attempt.turns.size();
  if (next == attempt.limits.size()) return true;
  const RateLimits::Answer answer = d_.limits.Take(
      attempt.limits[next],
      {.urgent = attempt.urgent, .fresh = attempt.mail.step == 1, .mails = attempt.demand[next]});
  if (answer.turn) {
    attempt.turns.push_back(*answer.turn);
    return true;
  }
  PutBack(attempt, answer.retry);
  return false;
}

bool Deliveries::Depart(std::unique_ptr<DeliveryAttempt> attempt) {
  for (;;) {
    const absl::Time now = d_.clock.Now();
    if (!attempt->turns.empty() && attempt->turns.back().from > now) {
      const absl::Time at = attempt->turns.back().from;
      d_.timer.Add(at, [this, attempt = std::move(attempt)](bool go) mutable {
        const ClaimId claim = attempt->claim;
        if (!go || !MayGoOn(claim) || !Depart(std::move(attempt))) d_.claims.GiveBack(claim, 1);
      });
      return true;
    }
    if (attempt->turns.size() < attempt->limits.size()) {
      if (!AcquirePermit(*attempt)) return true;
      continue;
    }
    const bool expired =
        std::ranges::any_of(attempt->turns, [now](const Turn& turn) { return turn.until < now; });
    if (!expired) return HandOver(std::move(attempt));
    attempt->turns.clear();
    if (++attempt->expired_turns >= kMostExpiredTurns) {
      PutBack(*attempt, now + kCrowdedWait);
      return true;
    }
  }
}

void Deliveries::PutBack(const DeliveryAttempt& attempt, absl::Time retry) {
  const Limit& limit = attempt.limits[std::min(attempt.turns.size(), attempt.limits.size() - 1)];
  Outcome outcome;
  outcome.id = attempt.mail.mail.id;
  outcome.step = attempt.mail.step;
  outcome.attempt = attempt.mail.attempt;
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = Reason::kRateLimited;
  // Not past its end: then it comes out in time to be called expired.
  outcome.retry_time = std::min(retry, attempt.mail.mail.expire_time + absl::Milliseconds(1));
  outcome.reply_text = fmt::format("waits for its turn within the limit of {}", limit.key);
  d_.claims.Record(attempt.claim, std::move(outcome));
}

bool Deliveries::HandOver(std::unique_ptr<DeliveryAttempt> attempt) {
  if (!d_.budget.Acquire(attempt->urgent)) return false;
  // Waiting for room may have taken long.
  if (!MayGoOn(attempt->claim)) {
    d_.budget.Release(1);
    return false;
  }
  Transport& transport = *attempt->transport;
  ComposedMail& composed = attempt->composed;
  OutgoingMail outgoing;
  outgoing.token = d_.journal.HandedOver(attempt->claim, attempt->mail, transport.info().name,
                                         composed.content_hash);
  outgoing.urgent = attempt->urgent;
  outgoing.envelope_from = transport.sender().envelope_from;
  outgoing.recipient = composed.recipient;
  outgoing.message = std::move(composed.message);
  outgoing.needs_smtputf8 = composed.needs_smtputf8;
  outgoing.may_go = [this, claim = attempt->claim] { return HasRightTo(claim); };
  transport.Send(std::move(outgoing),
                 [this, attempt = std::move(attempt)](const DeliveryResult& result) {
                   Answered(*attempt, result);
                 });
  return true;
}

void Deliveries::Answered(const DeliveryAttempt& attempt, const DeliveryResult& result) {
  const ClaimedMail& mail = attempt.mail;
  if (result.kind != DeliveryResult::Kind::kAmbiguous) {
    d_.journal.Answered(mail.mail.id, result.kind == DeliveryResult::Kind::kAccepted);
  }
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    d_.budget.Release(1);
    d_.claims.GiveBack(attempt.claim, 1);
    return;
  }
  const std::string& transport = attempt.transport->info().name;
  d_.limits.Answered(attempt.recipient_domain, transport, result);
  Outcome outcome = DecideByResult(mail, result, d_.clock.Now(), d_.policy);
  outcome.transport = transport;
  outcome.content_hash = attempt.composed.content_hash;
  if (ProvesAddressDead(result)) {
    d_.bounces.Report(attempt.composed.recipient, SuppressionCause::kBounced,
                      fmt::format("{} {}", result.reply_code, result.enhanced_code));
  }
  d_.claims.Record(attempt.claim, std::move(outcome));
}

}  // namespace lmsmail::dispatch
