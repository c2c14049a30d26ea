#include "services/dispatch/delivery/deliveries.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "services/dispatch/delivery/transport_choice.h"

namespace lmsmail::dispatch {
namespace {

// A mail whose permits keep expiring before it has one of every limit is deferred for kContention.
constexpr int kMaxExpiredPermits = 3;
constexpr absl::Duration kContention = absl::Seconds(2);

Alternative AlternativeOf(const DeliveryAttempt& attempt, const DeliveryResult& result) {
  if (attempt.candidates.empty() || !GivesBack(result)) return Alternative::kNone;
  return NextAvailable(attempt.candidates, *attempt.transport) != nullptr
             ? Alternative::kAvailable
             : Alternative::kUnavailable;
}

}  // namespace

bool Deliveries::MayContinue(ClaimId claim) const { return !stopping_ && HoldsLease(claim); }

bool Deliveries::HoldsLease(ClaimId claim) const {
  return context_.claims.Usable(claim, d_.clock.Now());
}

bool Deliveries::AcquirePermit(DeliveryAttempt& attempt) {
  const std::size_t next = attempt.permits.size();
  if (next == attempt.limits.size()) return true;
  const RateLimits::Result result =
      context_.limits.Acquire(attempt.limits[next], {.urgent = attempt.urgent,
                                                     .fresh = attempt.mail.delivery_count == 1,
                                                     .mails = attempt.demand[next]});
  if (result.permit) {
    attempt.permits.push_back(*result.permit);
    return true;
  }
  WaitForLimit(attempt, result.retry_time);
  return false;
}

bool Deliveries::Deliver(std::unique_ptr<DeliveryAttempt> attempt) {
  for (;;) {
    const absl::Time now = d_.clock.Now();
    if (!attempt->permits.empty() && attempt->permits.back().from > now) {
      const absl::Time time = attempt->permits.back().from;
      delays_.Add(time, [this, attempt = std::move(attempt)](bool due) mutable {
        const ClaimId claim = attempt->claim;
        if (!due || !MayContinue(claim) || !Deliver(std::move(attempt))) {
          context_.claims.Release(claim, 1);
        }
      });
      return true;
    }
    if (attempt->permits.size() < attempt->limits.size()) {
      if (!AcquirePermit(*attempt)) return true;
      continue;
    }
    const bool expired = std::ranges::any_of(
        attempt->permits, [now](const Permit& permit) { return permit.until < now; });
    if (!expired) return HandOver(std::move(attempt));
    attempt->permits.clear();
    if (++attempt->expired_permits >= kMaxExpiredPermits) {
      WaitForLimit(*attempt, now + kContention);
      return true;
    }
  }
}

void Deliveries::WaitForLimit(const DeliveryAttempt& attempt, absl::Time retry_time) {
  const Limit& limit = attempt.limits[std::min(attempt.permits.size(), attempt.limits.size() - 1)];
  std::string detail =
      limit.throttled
          ? fmt::format("waits for the adaptive throttle of {}, which asked for fewer mails",
                        limit.key)
          : fmt::format("waits for the rate limit of {}", limit.key);
  Outcome outcome = DeferForLimit(attempt.mail, retry_time, std::move(detail));
  if (attempt.trace) attempt.trace->End(outcome);
  context_.claims.Record(attempt.claim, std::move(outcome));
}

bool Deliveries::HandOver(std::unique_ptr<DeliveryAttempt> attempt) {
  if (!context_.budget.Acquire(attempt->urgent)) return false;
  // Acquire may have waited long.
  if (!MayContinue(attempt->claim)) {
    context_.budget.Release(1);
    return false;
  }
  Transport& transport = *attempt->transport;
  if (!attempt->candidates.empty() && attempt->candidates.front() != &transport) {
    d_.metrics.CountFailover(attempt->candidates.front()->info().name, transport.info().name);
  }
  if (attempt->trace) attempt->trace->BeginStep("send", tracing::SpanKind::kClient);
  ComposedMail& composed = attempt->composed;
  OutgoingMail outgoing;
  attempt->journal_token =
      d_.journal.HandedOver(attempt->claim, attempt->mail, transport.info().name,
                            composed.content_hash, composed.address_hash);
  outgoing.token = attempt->journal_token;
  outgoing.urgent = attempt->urgent;
  outgoing.envelope_from = std::move(composed.envelope_from);
  outgoing.recipient = composed.recipient;
  outgoing.message = std::move(composed.message);
  outgoing.needs_smtputf8 = composed.needs_smtputf8;
  outgoing.parts = std::move(composed.parts);
  outgoing.may_send = [this, claim = attempt->claim] { return HoldsLease(claim); };
  transport.Send(std::move(outgoing),
                 [this, attempt = std::move(attempt)](const DeliveryResult& result) {
                   OnResult(*attempt, result);
                 });
  return true;
}

void Deliveries::OnResult(const DeliveryAttempt& attempt, const DeliveryResult& result) {
  const ClaimedMail& mail = attempt.mail;
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    d_.journal.HandedBack(attempt.journal_token);
    context_.budget.Release(1);
    context_.claims.Release(attempt.claim, 1);
    return;
  }
  if (result.kind != DeliveryResult::Kind::kAmbiguous) {
    d_.journal.ReplyReceived(attempt.journal_token, result.kind == DeliveryResult::Kind::kAccepted);
  }
  const std::string& transport = attempt.transport->info().name;
  context_.limits.OnResult(attempt.recipient_domain, transport, result);
  Outcome outcome =
      DecideByResult(mail, result, d_.clock.Now(), context_.policy, AlternativeOf(attempt, result));
  outcome.transport = transport;
  outcome.content_hash = attempt.composed.content_hash;
  outcome.address_hash = attempt.composed.address_hash;
  outcome.journal_token = attempt.journal_token;
  if (result.refusal && result.refusal->address_dead) {
    d_.bounces.Report(attempt.composed.recipient, SuppressionCause::kBounced,
                      fmt::format("{} {}", result.reply_code, result.enhanced_code));
  }
  if (attempt.trace) attempt.trace->End(outcome);
  context_.claims.Record(attempt.claim, std::move(outcome));
}

}  // namespace lmsmail::dispatch
