#include "services/preference/domain/recipient_check.h"

#include <map>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/person_name/given_name.h"
#include "libs/status/status_macros.h"
#include "libs/time_zone/time_zone.h"

namespace lmsmail::preference {
namespace {

VerdictReason ReasonOf(SuppressionReason suppression) {
  switch (suppression) {
    case SuppressionReason::kBounced:
      return VerdictReason::kBounced;
    case SuppressionReason::kComplained:
      return VerdictReason::kComplained;
    case SuppressionReason::kManual:
    case SuppressionReason::kErased:
      break;
  }
  return VerdictReason::kSuppressed;
}

Verdict Skip(VerdictReason reason) {
  Verdict verdict;
  verdict.decision = Decision::kSkip;
  verdict.reason = reason;
  return verdict;
}

std::string OrDefault(std::string text, const std::string& fallback) {
  if (text.empty()) return fallback;
  return text;
}

}  // namespace

// Caches the time zones of one call. A batch has few, and loading one takes a lock.
class RecipientCheck::Zones {
 public:
  // Falls back to UTC for a zone that was removed from the zone database, so that mail is still
  // sent.
  absl::TimeZone Get(const std::string& name) {
    const auto [found, is_new] = zones_.try_emplace(name, absl::UTCTimeZone());
    if (is_new) {
      if (const auto zone = time_zone::Load(name); zone.ok()) found->second = *zone;
    }
    return found->second;
  }

 private:
  std::map<std::string, absl::TimeZone> zones_;
};

RecipientCheck::RecipientCheck(PreferenceStore& store, const token::KeyRing& keys,
                               const Links& links, School school, const Clock& clock,
                               school::SchoolSource* stored)
    : store_(store),
      keys_(keys),
      links_(links),
      school_(std::move(school)),
      clock_(clock),
      stored_(stored) {}

absl::StatusOr<std::vector<Verdict>> RecipientCheck::Check(absl::Span<const MailToCheck> mails,
                                                           absl::Time deadline) {
  std::vector<CheckQuery> queries;
  queries.reserve(mails.size());
  for (const MailToCheck& mail : mails) {
    CheckQuery query{mail.recipient_id, std::nullopt, mail.category};
    if (mail.recipient_id.empty()) {
      // An invalid address still gets a query, so that facts and mails have the same order.
      if (auto key = AddressKeyOf(keys_, mail.email_address); key.ok()) {
        query.address = *std::move(key);
      }
    }
    queries.push_back(std::move(query));
  }
  LMSMAIL_ASSIGN_OR_RETURN(const School school, CurrentSchool());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<CheckFacts> facts, store_.Check(queries, deadline));
  const absl::Time now = clock_.Now();
  Zones zones;
  std::vector<Verdict> verdicts;
  verdicts.reserve(mails.size());
  for (std::size_t i = 0; i < mails.size(); ++i) {
    if (mails[i].recipient_id.empty() && !queries[i].address) {
      verdicts.push_back(Skip(VerdictReason::kInvalidAddress));
      verdicts.back().email_address = mails[i].email_address;
    } else {
      verdicts.push_back(Evaluate(mails[i], std::move(facts[i]), school, now, zones));
    }
  }
  return verdicts;
}

absl::StatusOr<std::vector<std::string>> RecipientCheck::TimeZones(
    absl::Span<const std::string> recipient_ids, absl::Time deadline) {
  std::vector<CheckQuery> queries;
  queries.reserve(recipient_ids.size());
  for (const std::string& id : recipient_ids)
    queries.push_back({id, std::nullopt, Category::kProgress});
  LMSMAIL_ASSIGN_OR_RETURN(const School school, CurrentSchool());
  LMSMAIL_ASSIGN_OR_RETURN(std::vector<CheckFacts> facts, store_.Check(queries, deadline));
  std::vector<std::string> zones;
  zones.reserve(facts.size());
  for (CheckFacts& each : facts) {
    zones.push_back(
        OrDefault(each.recipient ? std::move(each.recipient->time_zone) : "", school.time_zone));
  }
  return zones;
}

absl::StatusOr<School> RecipientCheck::CurrentSchool() {
  School school = school_;
  if (stored_ == nullptr) return school;
  LMSMAIL_ASSIGN_OR_RETURN(const school::School stored, stored_->Get());
  school.language_code = stored.language_code;
  school.time_zone = stored.time_zone;
  return school;
}

Verdict RecipientCheck::Evaluate(const MailToCheck& mail, CheckFacts facts, const School& school,
                                 absl::Time now, Zones& zones) const {
  if (!mail.recipient_id.empty() && !facts.recipient) {
    return Skip(VerdictReason::kUnknownRecipient);
  }
  const bool quiet_hours_apply =
      facts.recipient && !PolicyOf(mail.category).mandatory && school_.quiet_hours;
  const VerdictReason reason = ReasonToSkip(mail, facts);
  Verdict verdict = MakeVerdict(mail, facts, school);
  if (reason != VerdictReason::kNone) {
    verdict.decision = Decision::kSkip;
    verdict.reason = reason;
  } else if (quiet_hours_apply) {
    const absl::TimeZone zone = zones.Get(verdict.time_zone);
    if (const auto end = school_.quiet_hours->EndAfter(now, zone)) {
      verdict.decision = Decision::kDefer;
      verdict.reason = VerdictReason::kQuietHours;
      verdict.retry_time = *end;
    }
  }
  return verdict;
}

Verdict RecipientCheck::MakeVerdict(const MailToCheck& mail, CheckFacts& facts,
                                    const School& school) const {
  Verdict verdict;
  if (!facts.recipient) {
    const auto address = address::ParseEmailAddress(mail.email_address);
    verdict.email_address = address.ok() ? address->ToString() : mail.email_address;
    verdict.language_code = school.language_code;
    verdict.time_zone = school.time_zone;
    AddLinks(facts.owner_id, mail.category, verdict);
    return verdict;
  }
  Recipient& recipient = *facts.recipient;
  verdict.given_name = person_name::IsNoName(recipient.given_name)
                           ? person_name::GivenNameOf(recipient.display_name)
                           : std::move(recipient.given_name);
  verdict.email_address = std::move(recipient.email_address);
  verdict.display_name = std::move(recipient.display_name);
  verdict.language_code = OrDefault(std::move(recipient.language_code), school.language_code);
  verdict.time_zone = OrDefault(std::move(recipient.time_zone), school.time_zone);
  AddLinks(mail.recipient_id, mail.category, verdict);
  verdict.tracking_allowed = facts.tracking_allowed;
  return verdict;
}

void RecipientCheck::AddLinks(const std::string& recipient_id, Category category,
                              Verdict& verdict) const {
  if (recipient_id.empty()) return;
  if (!PolicyOf(category).mandatory) {
    verdict.unsubscribe_url = links_.UnsubscribeUrl(recipient_id, category);
  }
  verdict.preferences_url = links_.PreferencesUrl(recipient_id);
}

VerdictReason RecipientCheck::ReasonToSkip(const MailToCheck& mail, const CheckFacts& facts) const {
  if (facts.suppression) return ReasonOf(*facts.suppression);
  if (PolicyOf(mail.category).mandatory) return VerdictReason::kNone;
  if (facts.refused_by_address) return VerdictReason::kUnsubscribed;
  if (!facts.recipient) {
    const bool allowed =
        mail.category == Category::kAnnouncement && facts.subscribed.value_or(true);
    return allowed ? VerdictReason::kNone : VerdictReason::kNoConsent;
  }
  if (facts.subscribed.value_or(school_.defaults.subscribed.contains(mail.category))) {
    return VerdictReason::kNone;
  }
  return facts.explicitly_set ? VerdictReason::kUnsubscribed : VerdictReason::kNoConsent;
}

}  // namespace lmsmail::preference
