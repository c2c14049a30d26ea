#include "services/dispatch/delivery/departures.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace lmsmail::dispatch {
namespace {

// A mail whose limits cannot be kept together goes back into the queue.
constexpr int kMostExpiredTurns = 3;
constexpr absl::Duration kCrowdedWait = absl::Seconds(2);

}  // namespace

bool Departures::MayGoOn(ClaimId claim) const { return !stopping_ && HasRightTo(claim); }

bool Departures::HasRightTo(ClaimId claim) const { return d_.claims.Usable(claim, d_.clock.Now()); }

bool Departures::TakeTurn(Departure& departure) {
  const std::size_t next = departure.turns.size();
  if (next == departure.limits.size()) return true;
  const RateLimits::Answer answer =
      d_.limits.Take(departure.limits[next], {.urgent = departure.urgent,
                                              .fresh = departure.mail.step == 1,
                                              .mails = departure.demand[next]});
  if (answer.turn) {
    departure.turns.push_back(*answer.turn);
    return true;
  }
  PutBack(departure, answer.retry);
  return false;
}

bool Departures::Depart(std::unique_ptr<Departure> departure) {
  for (;;) {
    const absl::Time now = d_.clock.Now();
    if (!departure->turns.empty() && departure->turns.back().from > now) {
      const absl::Time at = departure->turns.back().from;
      d_.timer.Add(at, [this, departure = std::move(departure)](bool go) mutable {
        const ClaimId claim = departure->claim;
        if (!go || !MayGoOn(claim) || !Depart(std::move(departure))) d_.claims.GiveBack(claim, 1);
      });
      return true;
    }
    if (departure->turns.size() < departure->limits.size()) {
      if (!TakeTurn(*departure)) return true;
      continue;
    }
    const bool expired =
        std::ranges::any_of(departure->turns, [now](const Turn& turn) { return turn.until < now; });
    if (!expired) return HandOver(std::move(departure));
    departure->turns.clear();
    if (++departure->expired_turns >= kMostExpiredTurns) {
      PutBack(*departure, now + kCrowdedWait);
      return true;
    }
  }
}

void Departures::PutBack(const Departure& departure, absl::Time retry) {
  const Limit& limit =
      departure.limits[std::min(departure.turns.size(), departure.limits.size() - 1)];
  Outcome outcome;
  outcome.id = departure.mail.mail.id;
  outcome.step = departure.mail.step;
  outcome.attempt = departure.mail.attempt;
  outcome.kind = Outcome::Kind::kDeferred;
  outcome.reason = Reason::kRateLimited;
  // Not past its end: then it comes out in time to be called expired.
  outcome.retry_time = std::min(retry, departure.mail.mail.expire_time + absl::Milliseconds(1));
  outcome.reply_text = fmt::format("waits for its turn within the limit of {}", limit.key);
  d_.claims.Record(departure.claim, std::move(outcome));
}

bool Departures::HandOver(std::unique_ptr<Departure> departure) {
  if (!d_.budget.Acquire(departure->urgent)) return false;
  // Waiting for room may have taken long.
  if (!MayGoOn(departure->claim)) {
    d_.budget.Release(1);
    return false;
  }
  Transport& transport = *departure->transport;
  ComposedMail& composed = departure->composed;
  OutgoingMail outgoing;
  outgoing.token = d_.journal.HandedOver(departure->claim, departure->mail, transport.info().name,
                                         composed.content_hash);
  outgoing.urgent = departure->urgent;
  outgoing.envelope_from = transport.sender().envelope_from;
  outgoing.recipient = composed.recipient;
  outgoing.message = std::move(composed.message);
  outgoing.needs_smtputf8 = composed.needs_smtputf8;
  outgoing.may_go = [this, claim = departure->claim] { return HasRightTo(claim); };
  transport.Send(std::move(outgoing),
                 [this, departure = std::move(departure)](const DeliveryResult& result) {
                   Answered(*departure, result);
                 });
  return true;
}

void Departures::Answered(const Departure& departure, const DeliveryResult& result) {
  const ClaimedMail& mail = departure.mail;
  if (result.kind != DeliveryResult::Kind::kAmbiguous) {
    d_.journal.Answered(mail.mail.id, result.kind == DeliveryResult::Kind::kAccepted);
  }
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    d_.budget.Release(1);
    d_.claims.GiveBack(departure.claim, 1);
    return;
  }
  const std::string& transport = departure.transport->info().name;
  d_.limits.Answered(departure.recipient_domain, transport, result);
  Outcome outcome = DecideByResult(mail, result, d_.clock.Now(), d_.policy);
  outcome.transport = transport;
  outcome.content_hash = departure.composed.content_hash;
  if (ProvesAddressDead(result)) {
    d_.bounces.Report(departure.composed.recipient, SuppressionCause::kBounced,
                      fmt::format("{} {}", result.reply_code, result.enhanced_code));
  }
  d_.claims.Record(departure.claim, std::move(outcome));
}

}  // namespace lmsmail::dispatch
