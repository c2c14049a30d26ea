#include "services/dispatch/delivery/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "libs/status/error_details.h"
#include "libs/status/transient.h"

namespace lmsmail::dispatch {
namespace {

// The reason for a mail that could not be rendered with `status`.
Reason ReasonOfRenderFailure(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return Reason::kTooLarge;
  for (const FieldViolation& violation : ViolationsOf(status)) {
    if (violation.field == "message") return Reason::kTooLarge;
    if (violation.field.starts_with("to")) return Reason::kInvalidAddress;
  }
  return Reason::kRenderFailed;
}

// Empty without an address.
std::string_view DomainOf(const Recipient& recipient) {
  return recipient.address ? std::string_view(recipient.address->domain) : std::string_view();
}

}  // namespace

Sender::Sender(const SenderContext& context, DelayQueue& delays, PriorityGate* yields_to)
    : context_(context),
      yields_to_(yields_to),
      composer_(d_.site, d_.message_ids, d_.address_hashes, d_.tracking, context.max_message_bytes),
      deliveries_(context, delays),
      choice_(d_.transports, context.routing, d_.clock) {}

void Sender::Process(TakenClaim taken) {
  Claim& claim = taken.claim;
  if (!deliveries_.MayContinue(claim.id)) {
    return context_.claims.Release(claim.id, static_cast<int>(claim.mails.size()));
  }
  versions_.clear();
  std::vector<Candidate> candidates = Prefilter(claim);
  if (candidates.empty()) return;
  BeginTraces(taken.taken, candidates);
  if (yields_to_ != nullptr) yields_to_->Yield();
  CheckTraced(candidates);
  ChooseTransports(candidates);
  FindLimits(candidates);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (deliveries_.MayContinue(claim.id) && SendOne(taken, candidates[i])) continue;
    return context_.claims.Release(claim.id, static_cast<int>(candidates.size() - i));
  }
}

std::vector<Sender::Candidate> Sender::Prefilter(Claim& claim) {
  std::vector<Candidate> candidates;
  candidates.reserve(claim.mails.size());
  for (ClaimedMail& mail : claim.mails) {
    if (mail.already_sent) {
      context_.claims.MarkRecorded(claim.id, 1);
    } else if (auto outcome = DecideBeforeCheck(mail, d_.clock.Now(), context_.policy)) {
      context_.claims.Record(claim.id, *std::move(outcome));
    } else {
      candidates.push_back({.mail = std::move(mail), .limits = {}});
    }
  }
  return candidates;
}

void Sender::BeginTraces(absl::Time claimed, std::vector<Candidate>& candidates) {
  std::set<BatchId> batches;
  for (Candidate& candidate : candidates) {
    const Mail& mail = candidate.mail.mail;
    if (mail.traceparent.empty()) continue;
    if (mail.batch != 0 && !batches.insert(mail.batch).second) continue;
    candidate.trace = MailTrace::Begin(candidate.mail, claimed);
  }
}

void Sender::CheckTraced(std::vector<Candidate>& candidates) {
  std::string_view first;
  for (Candidate& candidate : candidates) {
    if (candidate.trace == nullptr) continue;
    candidate.trace->BeginStep("check");
    if (first.empty()) first = candidate.trace->traceparent();
  }
  const tracing::Scope scope(first);
  Check(absl::MakeSpan(candidates));
  if (first.empty()) return;
  for (Candidate& candidate : candidates) {
    if (candidate.trace) candidate.trace->EndStep();
  }
}

void Sender::Check(absl::Span<Candidate> candidates) {
  std::vector<RecipientQuery> queries;
  queries.reserve(candidates.size());
  for (const Candidate& it : candidates) {
    queries.push_back({it.mail.mail.target, it.mail.mail.template_ref.category});
  }
  absl::StatusOr<std::vector<Verdict>> verdicts =
      d_.recipients.Check(queries, absl::InfiniteFuture());
  if (verdicts.ok() && verdicts->size() != queries.size()) {
    verdicts = absl::UnavailableError("the number of verdicts differs from that of queries");
  }
  if (verdicts.ok()) {
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      candidates[i].verdict = std::move((*verdicts)[i]);
    }
  } else if (absl::IsInvalidArgument(verdicts.status()) && candidates.size() > 1) {
    const std::size_t half = candidates.size() / 2;
    Check(candidates.subspan(0, half));
    Check(candidates.subspan(half));
  } else {
    log_.Log(telemetry::Level::kWarning, "recipients could not be checked",
             {{"mails", queries.size()}, {"error", verdicts.status()}});
    for (Candidate& candidate : candidates) candidate.verdict = verdicts.status();
  }
}

void Sender::ChooseTransports(std::vector<Candidate>& candidates) {
  choice_.Refresh();
  for (Candidate& candidate : candidates) {
    const absl::StatusOr<Verdict>& verdict = candidate.verdict;
    if (!verdict.ok() || verdict->decision != Verdict::Decision::kAllow) continue;
    candidate.chosen = choice_.Choose(candidate.mail, DomainOf(verdict->recipient));
  }
}

void Sender::FindLimits(std::vector<Candidate>& candidates) {
  demand_.clear();
  context_.limits.Refresh();
  for (Candidate& candidate : candidates) {
    const Transport* const transport = candidate.chosen.transport;
    if (transport == nullptr) continue;
    candidate.limits = context_.limits.For(
        candidate.mail.mail, DomainOf(candidate.verdict->recipient), transport->info().name);
    for (const Limit& limit : candidate.limits) ++demand_[limit.key];
  }
}

std::optional<Outcome> Sender::DecideUnsent(const TakenClaim& taken, Candidate& candidate) {
  ClaimedMail& mail = candidate.mail;
  const absl::StatusOr<Verdict>& verdict = candidate.verdict;
  const absl::Time now = d_.clock.Now();
  // Checked again, because a slow server may have delayed this mail since it was claimed.
  mail.cancelled = mail.cancelled || context_.cancellations.Cancelled(mail.mail, taken.taken);
  if (auto outcome = DecideBeforeCheck(mail, now, context_.policy)) return outcome;
  if (absl::IsInvalidArgument(verdict.status())) {
    return FailUnrendered(mail, Reason::kInvalidAddress, std::string(verdict.status().message()));
  }
  if (!verdict.ok()) return Defer(mail, Reason::kCheckUnavailable, now, context_.policy);
  if (auto outcome = DecideByVerdict(mail, *verdict, now)) return outcome;
  if (candidate.chosen.transport != nullptr) return std::nullopt;
  Outcome outcome = Defer(mail, Reason::kUnreachable, now, context_.policy);
  outcome.reply_text =
      mail.uncertain_transport.empty()
          ? fmt::format("the transport \"{}\" is not configured", mail.mail.transport)
          : fmt::format(
                "the transport \"{}\" is not configured, and through another one this mail "
                "might arrive twice",
                mail.uncertain_transport);
  return outcome;
}

bool Sender::SendOne(const TakenClaim& taken, Candidate& candidate) {
  const ClaimId claim = taken.claim.id;
  if (auto outcome = DecideUnsent(taken, candidate)) {
    if (candidate.trace) candidate.trace->End(*outcome);
    context_.claims.Record(claim, *std::move(outcome));
    return true;
  }
  // The first permit comes before rendering, which would be wasted on a mail that is deferred.
  std::unique_ptr<DeliveryAttempt> attempt = MakeAttempt(taken.claim, candidate);
  if (!deliveries_.AcquirePermit(*attempt)) return true;
  if (auto outcome = Render(candidate.verdict->recipient, *attempt)) {
    if (attempt->trace) attempt->trace->End(*outcome);
    context_.claims.Record(claim, *std::move(outcome));
    return true;
  }
  return deliveries_.Deliver(std::move(attempt));
}

std::optional<Outcome> Sender::Render(const Recipient& recipient, DeliveryAttempt& attempt) {
  if (attempt.trace) attempt.trace->BeginStep("render");
  const tracing::Scope scope(attempt.trace ? attempt.trace->traceparent() : std::string_view());
  const ClaimedMail& mail = attempt.mail;
  const Version& version = VersionOf(mail.mail.template_ref);
  if (!version.ok()) {
    const std::string detail(version.status().message());
    // INTERNAL is a bug of the template service, which must not fail the mail.
    if (!IsTransient(version.status()) && !absl::IsInternal(version.status())) {
      return FailUnrendered(mail, Reason::kTemplateUnavailable, detail);
    }
    Outcome outcome = Defer(mail, Reason::kTemplateUnavailable, d_.clock.Now(), context_.policy);
    outcome.reply_text = detail;
    return outcome;
  }
  auto composed = composer_.Compose(mail.mail, recipient, **version, attempt.transport->sender());
  if (!composed.ok()) {
    return FailUnrendered(mail, ReasonOfRenderFailure(composed.status()),
                          std::string(composed.status().message()));
  }
  attempt.composed = *std::move(composed);
  if (attempt.transport->needs_parts()) {
    attempt.composed.parts = composer_.PartsOfLast(mail.mail, recipient);
  }
  return std::nullopt;
}

std::unique_ptr<DeliveryAttempt> Sender::MakeAttempt(const Claim& claim, Candidate& candidate) {
  auto attempt = std::make_unique<DeliveryAttempt>();
  attempt->claim = claim.id;
  attempt->urgent = IsUrgent(claim.lane);
  attempt->mail = std::move(candidate.mail);
  attempt->trace = std::move(candidate.trace);
  attempt->transport = candidate.chosen.transport;
  attempt->candidates = std::move(candidate.chosen.candidates);
  attempt->recipient_domain = DomainOf(candidate.verdict->recipient);
  attempt->limits = std::move(candidate.limits);
  for (const Limit& limit : attempt->limits) {
    attempt->demand.push_back(std::max(1, demand_[limit.key]--));
  }
  return attempt;
}

const Sender::Version& Sender::VersionOf(const TemplateRef& ref) {
  const auto key = std::make_pair(ref.key, ref.version);
  const auto it = versions_.find(key);
  if (it != versions_.end()) return it->second;
  return versions_.emplace(key, d_.templates.Get(ref.key, ref.version, absl::InfiniteFuture()))
      .first->second;
}

}  // namespace lmsmail::dispatch
