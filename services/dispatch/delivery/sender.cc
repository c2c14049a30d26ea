#include "services/dispatch/delivery/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "absl/time/clock.h"

#include "libs/status/fault.h"

namespace lmsmail::dispatch {
namespace {

// Which rule of the mail's own a failure to write it broke.
Reason ReasonOfUnwritten(const absl::Status& status) {
  if (absl::IsResourceExhausted(status)) return Reason::kTooLarge;
  for (const FieldViolation& violation : ViolationsOf(status)) {
    if (violation.field == "message") return Reason::kTooLarge;
    if (violation.field.starts_with("to")) return Reason::kInvalidAddress;
  }
  return Reason::kRenderFailed;
}

bool MayBeAnsweredLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsInternal(status) || absl::IsUnknown(status) ||
         absl::IsCancelled(status);
}

}  // namespace

Sender::Sender(Dependencies dependencies)
    : d_(std::move(dependencies)), composer_(d_.site, d_.message_ids, d_.max_message_bytes) {}

void Sender::Process(TakenClaim taken) {
  Claim& claim = taken.claim;
  if (!MayGoOn(claim.id)) {
    return d_.claims.GiveBack(claim.id, static_cast<int>(claim.mails.size()));
  }
  wordings_.clear();
  std::vector<ClaimedMail> mails = Sift(claim);
  if (mails.empty()) return;
  std::vector<RecipientQuery> queries;
  queries.reserve(mails.size());
  for (const ClaimedMail& it : mails) {
    queries.push_back({it.mail.target, it.mail.template_ref.category});
  }
  const std::vector<absl::StatusOr<Verdict>> verdicts = Check(queries);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    if (MayGoOn(claim.id) && SendOne(taken, mails[i], verdicts[i])) continue;
    return d_.claims.GiveBack(claim.id, static_cast<int>(mails.size() - i));
  }
}

std::vector<absl::StatusOr<Verdict>> Sender::Check(absl::Span<const RecipientQuery> queries) {
  absl::StatusOr<std::vector<Verdict>> verdicts = d_.recipients.Check(queries);
  if (verdicts.ok() && verdicts->size() == queries.size()) {
    return {std::make_move_iterator(verdicts->begin()), std::make_move_iterator(verdicts->end())};
  }
  const absl::Status status = verdicts.ok()
                                  ? absl::UnavailableError("another number of verdicts came back")
                                  : verdicts.status();
  if (!absl::IsInvalidArgument(status) || queries.size() == 1) {
    log_.Log(telemetry::Level::kWarning, "recipients could not be checked",
             {{"mails", queries.size()}, {"error", status}});
    return std::vector<absl::StatusOr<Verdict>>(queries.size(), status);
  }
  const std::size_t half = queries.size() / 2;
  std::vector<absl::StatusOr<Verdict>> all = Check(queries.subspan(0, half));
  std::vector<absl::StatusOr<Verdict>> rest = Check(queries.subspan(half));
  std::move(rest.begin(), rest.end(), std::back_inserter(all));
  return all;
}

std::vector<ClaimedMail> Sender::Sift(Claim& claim) {
  std::vector<ClaimedMail> mails;
  mails.reserve(claim.mails.size());
  for (ClaimedMail& it : claim.mails) {
    if (it.already_sent) {
      d_.claims.Forget(claim.id, 1);
    } else if (auto outcome = DecideBeforeCheck(it, d_.clock.Now(), d_.policy)) {
      d_.claims.Record(claim.id, *std::move(outcome));
    } else {
      mails.push_back(std::move(it));
    }
  }
  return mails;
}

bool Sender::MayGoOn(ClaimId claim) const {
  return !stopping_ && d_.claims.Usable(claim, d_.clock.Now());
}

bool Sender::SendOne(const TakenClaim& taken, ClaimedMail& mail,
                     const absl::StatusOr<Verdict>& verdict) {
  const Claim& claim = taken.claim;
  const absl::Time now = d_.clock.Now();
  const auto record = [&](Outcome outcome) {
    d_.claims.Record(claim.id, std::move(outcome));
    return true;
  };
  // Asked again: a slow server may have made this mail wait since it was claimed.
  mail.cancelled = mail.cancelled || d_.cancellations.Cancelled(mail.mail, taken.taken);
  if (auto outcome = DecideBeforeCheck(mail, now, d_.policy)) return record(*std::move(outcome));
  if (absl::IsInvalidArgument(verdict.status())) {
    return record(
        FailUnwritten(mail, Reason::kInvalidAddress, std::string(verdict.status().message())));
  }
  if (!verdict.ok()) return record(PutOff(mail, Reason::kCheckUnavailable, now, d_.policy));
  if (auto outcome = DecideByVerdict(mail, *verdict, now)) return record(*std::move(outcome));

  Transport* const transport = d_.transports.Find(mail.mail.transport);
  if (transport == nullptr) {
    Outcome outcome = PutOff(mail, Reason::kUnreachable, now, d_.policy);
    outcome.reply_text = fmt::format("the transport \"{}\" is not configured", mail.mail.transport);
    return record(std::move(outcome));
  }
  const Wording& wording = WordingOf(mail.mail.template_ref);
  if (!wording.ok()) {
    const std::string detail(wording.status().message());
    if (!MayBeAnsweredLater(wording.status())) {
      return record(FailUnwritten(mail, Reason::kTemplateUnavailable, detail));
    }
    Outcome outcome = PutOff(mail, Reason::kTemplateUnavailable, now, d_.policy);
    outcome.reply_text = detail;
    return record(std::move(outcome));
  }
  auto composed = composer_.Compose(mail.mail, verdict->recipient, **wording, transport->sender());
  if (!composed.ok()) {
    return record(FailUnwritten(mail, ReasonOfUnwritten(composed.status()),
                                std::string(composed.status().message())));
  }
  return HandOver(claim, mail, *transport, *std::move(composed));
}

bool Sender::AwaitTurn(ClaimId claim, Transport& transport) const {
  constexpr absl::Duration kSlice = absl::Milliseconds(50);  // so that a stop is heeded
  absl::Duration wait = transport.TakeTurn(d_.clock.Now());
  while (wait > absl::ZeroDuration()) {
    if (!MayGoOn(claim)) return false;
    absl::SleepFor(std::min(wait, kSlice));
    wait -= kSlice;
  }
  return true;
}

bool Sender::HandOver(const Claim& claim, ClaimedMail& mail, Transport& transport,
                      ComposedMail composed) {
  if (!AwaitTurn(claim.id, transport)) return false;
  const bool urgent = IsUrgent(claim.lane);
  if (!d_.budget.Acquire(urgent)) return false;
  // Waiting for room may have taken long.
  if (!MayGoOn(claim.id)) {
    d_.budget.Release(1);
    return false;
  }
  OutgoingMail outgoing;
  outgoing.token =
      d_.journal.HandedOver(claim.id, mail, transport.info().name, composed.content_hash);
  outgoing.urgent = urgent;
  outgoing.envelope_from = transport.sender().envelope_from;
  outgoing.recipient = composed.recipient;
  outgoing.message = std::move(composed.message);
  outgoing.needs_smtputf8 = composed.needs_smtputf8;
  composed.message.clear();
  transport.Send(
      std::move(outgoing),
      [this, id = claim.id, &transport, mail = std::move(mail), composed = std::move(composed)](
          const DeliveryResult& result) { Answered(id, mail, transport, composed, result); });
  return true;
}

void Sender::Answered(ClaimId claim, const ClaimedMail& mail, const Transport& transport,
                      const ComposedMail& composed, const DeliveryResult& result) {
  if (result.kind != DeliveryResult::Kind::kAmbiguous) {
    d_.journal.Answered(mail.mail.id, result.kind == DeliveryResult::Kind::kAccepted);
  }
  if (result.kind == DeliveryResult::Kind::kCancelled) {
    d_.budget.Release(1);
    d_.claims.GiveBack(claim, 1);
    return;
  }
  Outcome outcome = DecideByResult(mail, result, d_.clock.Now(), d_.policy);
  outcome.transport = transport.info().name;
  outcome.content_hash = composed.content_hash;
  if (ProvesAddressDead(result)) {
    d_.bounces.Report(composed.recipient, SuppressionCause::kBounced,
                      fmt::format("{} {}", result.reply_code, result.enhanced_code));
  }
  d_.claims.Record(claim, std::move(outcome));
}

const Sender::Wording& Sender::WordingOf(const TemplateRef& ref) {
  const auto key = std::make_pair(ref.key, ref.version);
  const auto it = wordings_.find(key);
  if (it != wordings_.end()) return it->second;
  return wordings_.emplace(key, d_.templates.Get(ref.key, ref.version)).first->second;
}

}  // namespace lmsmail::dispatch
