#include "services/dispatch/delivery/sender.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <optional>

#include "libs/status/error_details.h"

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

// Canonical: the preference service stores addresses that ParseEmailAddress has seen. Empty without
// an address.
std::string_view DomainOf(const Recipient& recipient) {
  const std::string_view address = recipient.email_address;
  const std::size_t at = address.rfind('@');
  return at == std::string_view::npos ? std::string_view() : address.substr(at + 1);
}

bool MayBeAnsweredLater(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsResourceExhausted(status) || absl::IsInternal(status) || absl::IsUnknown(status) ||
         absl::IsCancelled(status);
}

}  // namespace

Sender::Sender(Dependencies dependencies)
    : d_(std::move(dependencies)),
      composer_(d_.site, d_.message_ids, d_.max_message_bytes),
      departures_({.clock = d_.clock,
                   .claims = d_.claims,
                   .budget = d_.budget,
                   .limits = d_.limits,
                   .timer = d_.timer,
                   .bounces = d_.bounces,
                   .journal = d_.journal,
                   .policy = d_.policy}) {}

void Sender::Process(TakenClaim taken) {
  Claim& claim = taken.claim;
  if (!departures_.MayGoOn(claim.id)) {
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
  Yield();
  const std::vector<absl::StatusOr<Verdict>> verdicts = Check(queries);
  CountDemand(mails, verdicts);
  for (std::size_t i = 0; i < mails.size(); ++i) {
    Yield();
    if (departures_.MayGoOn(claim.id) && SendOne(taken, mails[i], verdicts[i])) continue;
    return d_.claims.GiveBack(claim.id, static_cast<int>(mails.size() - i));
  }
}

void Sender::Yield() const {
  if (d_.yields_to != nullptr) d_.yields_to->Yield();
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
  // The first turn comes before the writing, which is in vain for a mail that has to wait long.
  std::unique_ptr<DeliveryAttempt> attempt =
      MakeDeparture(claim, std::move(mail), verdict->recipient, *transport);
  if (!departures_.AcquirePermit(*attempt)) return true;
  const ClaimedMail& leaving = attempt->mail;
  const Wording& wording = WordingOf(leaving.mail.template_ref);
  if (!wording.ok()) {
    const std::string detail(wording.status().message());
    if (!MayBeAnsweredLater(wording.status())) {
      return record(FailUnwritten(leaving, Reason::kTemplateUnavailable, detail));
    }
    Outcome outcome = PutOff(leaving, Reason::kTemplateUnavailable, now, d_.policy);
    outcome.reply_text = detail;
    return record(std::move(outcome));
  }
  auto composed =
      composer_.Compose(leaving.mail, verdict->recipient, **wording, transport->sender());
  if (!composed.ok()) {
    return record(FailUnwritten(leaving, ReasonOfUnwritten(composed.status()),
                                std::string(composed.status().message())));
  }
  attempt->composed = *std::move(composed);
  return departures_.Depart(std::move(attempt));
}

void Sender::CountDemand(const std::vector<ClaimedMail>& mails,
                         const std::vector<absl::StatusOr<Verdict>>& verdicts) {
  demand_.clear();
  d_.limits.Refresh();
  for (std::size_t i = 0; i < mails.size(); ++i) {
    const Mail& mail = mails[i].mail;
    const Transport* const transport = d_.transports.Find(mail.transport);
    if (transport == nullptr || !verdicts[i].ok()) continue;
    for (const Limit& limit :
         d_.limits.For(mail, DomainOf(verdicts[i]->recipient), transport->info().name)) {
      ++demand_[limit.key];
    }
  }
}

std::unique_ptr<DeliveryAttempt> Sender::MakeDeparture(const Claim& claim, ClaimedMail&& mail,
                                                       const Recipient& recipient,
                                                       Transport& transport) {
  auto attempt = std::make_unique<DeliveryAttempt>();
  attempt->claim = claim.id;
  attempt->urgent = IsUrgent(claim.lane);
  attempt->mail = std::move(mail);
  attempt->transport = &transport;
  attempt->recipient_domain = DomainOf(recipient);
  attempt->limits =
      d_.limits.For(attempt->mail.mail, attempt->recipient_domain, transport.info().name);
  for (const Limit& limit : attempt->limits) {
    attempt->demand.push_back(std::max(1, demand_[limit.key]--));
  }
  return attempt;
}

const Sender::Wording& Sender::WordingOf(const TemplateRef& ref) {
  const auto key = std::make_pair(ref.key, ref.version);
  const auto it = wordings_.find(key);
  if (it != wordings_.end()) return it->second;
  return wordings_.emplace(key, d_.templates.Get(ref.key, ref.version)).first->second;
}

}  // namespace lmsmail::dispatch
