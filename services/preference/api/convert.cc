#include "services/preference/api/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/resource_name/id.h"
#include "libs/resource_name/name.h"
#include "libs/rpc/time.h"
#include "services/preference/domain/request_validation.h"

namespace lmsmail::preference {
namespace {

namespace type = lmsmail::type::v1;

constexpr std::string_view kRecipients = "recipients/";
constexpr std::string_view kPreferences = "/preferences";
constexpr std::string_view kSuppressions = "suppressions/";
constexpr int kMostItems = 1000;

// The domain's enums have the protocol's numbers.
static_assert(static_cast<int>(Category::kAnnouncement) == type::CATEGORY_ANNOUNCEMENT);
static_assert(static_cast<int>(ConsentMethod::kDefault) == pb::ConsentSource::METHOD_DEFAULT);
static_assert(static_cast<int>(ConsentAction::kErased) == pb::ConsentEvent::ACTION_ERASED);
static_assert(static_cast<int>(SuppressionReason::kErased) == pb::Suppression::REASON_ERASED);
static_assert(static_cast<int>(Decision::kDefer) == pb::Verdict::DECISION_DEFER);
static_assert(static_cast<int>(VerdictReason::kNoConsent) == pb::Verdict::REASON_NO_CONSENT);

// What follows `prefix`; empty without it.
std::string_view After(std::string_view prefix, std::string_view name) {
  return name.starts_with(prefix) ? name.substr(prefix.size()) : std::string_view();
}

void CheckCount(int count, std::string field, Violations& violations) {
  if (count < 1 || count > kMostItems) {
    violations.Add(std::move(field), fmt::format("has {} items; send 1 to {}", count, kMostItems));
  }
}

}  // namespace

std::string RecipientIdOf(std::string_view name, std::string_view field, Violations& violations) {
  const std::string_view id = After(kRecipients, name);
  if (!resource_name::IsLmsId(id)) {
    violations.Add(std::string(field), resource_name::kRecipientNameRule);
  }
  return std::string(id);
}

std::string PreferencesIdOf(std::string_view name, Violations& violations) {
  std::string_view id = After(kRecipients, name);
  const bool whole = id.ends_with(kPreferences);
  if (whole) id.remove_suffix(kPreferences.size());
  if (!whole || !resource_name::IsLmsId(id)) {
    violations.Add("name", "must be recipients/{recipient}/preferences");
  }
  return std::string(id);
}

std::string SuppressionIdOf(std::string_view name, Violations& violations) {
  const std::string_view id = After(kSuppressions, name);
  constexpr std::size_t kDigits = 64;
  const bool is_hex = std::ranges::all_of(
      id, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
  if (id.size() != kDigits || !is_hex) {
    violations.Add("name", "must be suppressions/{suppression}, as ListSuppressions gives it");
  }
  return std::string(id);
}

std::vector<Recipient> RecipientsFromProto(const pb::UpsertRecipientsRequest& request,
                                           Violations& violations) {
  CheckCount(request.recipients_size(), "recipients", violations);
  std::vector<Recipient> recipients;
  if (request.recipients_size() > kMostItems) return recipients;
  for (const pb::Recipient& given : request.recipients()) {
    Recipient recipient{.id = std::string(After(kRecipients, given.name())),
                        .email_address = given.email_address(),
                        .display_name = given.display_name(),
                        .given_name = given.given_name(),
                        .language_code = given.language_code(),
                        .time_zone = given.time_zone(),
                        .create_time = {},
                        .update_time = {}};
    CheckRecipient(recipient, fmt::format("recipients[{}]", recipients.size()), violations);
    recipients.push_back(std::move(recipient));
  }
  return recipients;
}

std::vector<MailToCheck> MailsFromProto(const pb::CheckRecipientsRequest& request,
                                        Violations& violations) {
  CheckCount(request.checks_size(), "checks", violations);
  std::vector<MailToCheck> mails;
  if (request.checks_size() > kMostItems) return mails;
  mails.reserve(static_cast<std::size_t>(request.checks_size()));
  for (const pb::CheckRecipientsRequest::Check& check : request.checks()) {
    // Paths are only made for faults: this is the hot path.
    Violations faults;
    MailToCheck mail;
    if (check.has_recipient()) {
      mail.recipient_id = RecipientIdOf(check.recipient(), "recipient", faults);
    } else if (check.has_email_address()) {
      mail.email_address = check.email_address();
    } else {
      faults.Add("recipient", "is missing; give recipient or email_address");
    }
    if (const auto category = CategoryFromProto(check.category(), "category", faults)) {
      mail.category = *category;
    } else if (check.category() == type::CATEGORY_UNSPECIFIED) {
      faults.Add("category", "is required");
    }
    if (!faults.empty()) violations.AddNested(fmt::format("checks[{}]", mails.size()), faults);
    mails.push_back(std::move(mail));
  }
  return mails;
}

std::optional<Category> CategoryFromProto(type::Category category, std::string_view field,
                                          Violations& violations) {
  if (category == type::CATEGORY_UNSPECIFIED) return std::nullopt;
  if (!type::Category_IsValid(category)) {
    violations.Add(std::string(field), fmt::format("{} is not a category", int{category}));
    return std::nullopt;
  }
  return static_cast<Category>(category);
}

ConsentSource SourceFromProto(const pb::ConsentSource& source, Violations& violations) {
  ConsentSource result{ConsentMethod::kApi, source.actor(), source.wording()};
  if (!pb::ConsentSource::Method_IsValid(source.method())) {
    violations.Add("source.method", fmt::format("{} is not a method", int{source.method()}));
  } else if (source.method() != pb::ConsentSource::METHOD_UNSPECIFIED) {
    result.method = static_cast<ConsentMethod>(source.method());
  }
  CheckSource(result, "source", violations);
  return result;
}

std::optional<SuppressionReason> ReasonFromProto(pb::Suppression::Reason reason,
                                                 Violations& violations) {
  if (reason == pb::Suppression::REASON_UNSPECIFIED) return std::nullopt;
  if (!pb::Suppression::Reason_IsValid(reason)) {
    violations.Add("reason", fmt::format("{} is not a reason", int{reason}));
    return std::nullopt;
  }
  return static_cast<SuppressionReason>(reason);
}

pb::Recipient ToProto(const Recipient& recipient) {
  pb::Recipient result;
  result.set_name(resource_name::RecipientName(recipient.id));
  result.set_email_address(recipient.email_address);
  result.set_display_name(recipient.display_name);
  result.set_given_name(recipient.given_name);
  result.set_language_code(recipient.language_code);
  result.set_time_zone(recipient.time_zone);
  *result.mutable_create_time() = rpc::ToProto(recipient.create_time);
  *result.mutable_update_time() = rpc::ToProto(recipient.update_time);
  return result;
}

pb::Preferences ToProto(std::string_view recipient_id, const RecipientConsent& consent) {
  pb::Preferences result;
  result.set_name(fmt::format("{}{}{}", kRecipients, recipient_id, kPreferences));
  result.set_suppressed(consent.suppressed);
  for (const Category category : kCategories) {
    pb::CategoryPreference& preference = *result.add_categories();
    preference.set_category(static_cast<type::Category>(category));
    preference.set_mandatory(IsMandatory(category));
    preference.set_subscribed(IsMandatory(category));
    const auto found = std::ranges::find(consent.categories, category, &CategoryConsent::category);
    if (found == consent.categories.end()) continue;
    preference.set_subscribed(found->subscribed);
    if (found->update_time) {
      *preference.mutable_update_time() = rpc::ToProto(*found->update_time);
    }
  }
  return result;
}

pb::ConsentEvent ToProto(std::string_view recipient_id, const ConsentEvent& event) {
  pb::ConsentEvent result;
  result.set_name(fmt::format("{}{}/consentEvents/{}", kRecipients, recipient_id, event.id));
  if (event.category) result.set_category(static_cast<type::Category>(*event.category));
  result.set_action(static_cast<pb::ConsentEvent::Action>(event.action));
  result.mutable_source()->set_method(static_cast<pb::ConsentSource::Method>(event.source.method));
  result.mutable_source()->set_actor(event.source.actor);
  result.mutable_source()->set_wording(event.source.wording);
  *result.mutable_event_time() = rpc::ToProto(event.event_time);
  return result;
}

pb::Suppression ToProto(const Suppression& suppression) {
  pb::Suppression result;
  result.set_name(fmt::format("{}{}", kSuppressions, suppression.id));
  result.set_email_address(suppression.email_address);
  result.set_reason(static_cast<pb::Suppression::Reason>(suppression.reason));
  result.set_detail(suppression.detail);
  *result.mutable_create_time() = rpc::ToProto(suppression.create_time);
  return result;
}

pb::Verdict ToProto(Verdict verdict) {
  pb::Verdict result;
  result.set_decision(static_cast<pb::Verdict::Decision>(verdict.decision));
  result.set_reason(static_cast<pb::Verdict::Reason>(verdict.reason));
  result.set_email_address(std::move(verdict.email_address));
  result.set_display_name(std::move(verdict.display_name));
  result.set_given_name(std::move(verdict.given_name));
  result.set_language_code(std::move(verdict.language_code));
  result.set_time_zone(std::move(verdict.time_zone));
  if (verdict.decision == Decision::kDefer) {
    *result.mutable_retry_time() = rpc::ToProto(verdict.retry_time);
  }
  result.set_unsubscribe_url(std::move(verdict.unsubscribe_url));
  result.set_preferences_url(std::move(verdict.preferences_url));
  return result;
}

}  // namespace lmsmail::preference
