#include "services/preference/api/convert.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/address/normalization.h"
#include "libs/protobuf/time.h"
#include "libs/time_zone/time_zone.h"
#include "services/preference/domain/request_validation.h"
#include "services/preference/domain/resource_names.h"

namespace lmsmail::preference {
namespace {

namespace type = lmsmail::type::v1;

constexpr int kMaxItems = 1000;

// The enums of the domain have the numbers of the proto.
static_assert(static_cast<int>(Category::kAnnouncement) == type::CATEGORY_ANNOUNCEMENT);
static_assert(static_cast<int>(ConsentMethod::kDefault) == v1::ConsentSource::METHOD_DEFAULT);
static_assert(static_cast<int>(ConsentMethod::kProvider) == v1::ConsentSource::METHOD_PROVIDER);
static_assert(static_cast<int>(ConsentAction::kTrackingRefused) ==
              v1::ConsentEvent::ACTION_TRACKING_REFUSED);
static_assert(static_cast<int>(SuppressionReason::kErased) == v1::Suppression::REASON_ERASED);
static_assert(static_cast<int>(Decision::kDefer) == v1::Verdict::DECISION_DEFER);
static_assert(static_cast<int>(LinkKind::kPreferences) == v1::Link::KIND_PREFERENCES);
static_assert(static_cast<int>(VerdictReason::kNoConsent) == v1::Verdict::REASON_NO_CONSENT);

// Adds every category in the order of the enum, also the mandatory ones, which have no record.
void ToProto(const RecipientConsent& consent,
             google::protobuf::RepeatedPtrField<v1::CategoryPreference>& categories) {
  for (const Category category : kCategories) {
    v1::CategoryPreference& preference = *categories.Add();
    preference.set_category(static_cast<type::Category>(category));
    const bool mandatory = PolicyOf(category).mandatory;
    preference.set_mandatory(mandatory);
    preference.set_subscribed(mandatory);
    const auto found = std::ranges::find(consent.categories, category, &CategoryConsent::category);
    if (found == consent.categories.end()) continue;
    preference.set_subscribed(found->subscribed);
    if (found->update_time) {
      *preference.mutable_update_time() = protobuf::ToProto(*found->update_time);
    }
  }
}

std::vector<Category> CategoriesFromProto(const google::protobuf::RepeatedField<int>& given,
                                          std::string_view field, Violations& violations) {
  std::vector<Category> categories;
  if (given.size() > type::Category_ARRAYSIZE) {
    violations.Add(std::string(field), "has more items than there are categories: give each once");
    return categories;
  }
  for (int i = 0; i < given.size(); ++i) {
    const std::string path = fmt::format("{}[{}]", field, i);
    const auto number = static_cast<type::Category>(given[i]);
    if (number == type::CATEGORY_UNSPECIFIED) violations.Add(path, "must name a category");
    if (const auto category = CategoryFromProto(number, path, violations)) {
      categories.push_back(*category);
    }
  }
  return categories;
}

}  // namespace

void CheckCount(int count, std::string field, Violations& violations) {
  if (count < 1 || count > kMaxItems) {
    violations.Add(std::move(field),
                   fmt::format("has {} items; 1 to {} are allowed", count, kMaxItems));
  }
}

Recipient RecipientFromProto(const v1::Recipient& given, Violations& violations) {
  Recipient recipient{
      .id = resource_name::ParseRecipientName(given.name()).value_or(""),
      .email_address = given.email_address(),
      .display_name = address::WithoutInvisible(given.display_name()),
      .given_name = address::WithoutInvisible(given.given_name()),
      .language_code = given.language_code(),
      .time_zone = time_zone::CanonicalName(given.time_zone()).value_or(given.time_zone()),
      .create_time = {},
      .update_time = {}};
  ValidateRecipient(recipient, "recipient", violations);
  return recipient;
}

std::vector<MailToCheck> MailsFromProto(const v1::CheckRecipientsRequest& request,
                                        Violations& violations) {
  CheckCount(request.checks_size(), "checks", violations);
  std::vector<MailToCheck> mails;
  if (request.checks_size() > kMaxItems) return mails;
  mails.reserve(static_cast<std::size_t>(request.checks_size()));
  for (const v1::CheckRecipientsRequest::Check& check : request.checks()) {
    // The path of a check is built only for violations because this is the hot path.
    Violations nested;
    MailToCheck mail;
    if (check.has_recipient()) {
      mail.recipient_id = RecipientId(check.recipient(), "recipient", nested);
    } else if (check.has_email_address()) {
      mail.email_address = check.email_address();
    } else {
      nested.Add("recipient", "is required: give recipient or email_address");
    }
    if (const auto category = CategoryFromProto(check.category(), "category", nested)) {
      mail.category = *category;
    } else if (check.category() == type::CATEGORY_UNSPECIFIED) {
      nested.Add("category", "is required");
    }
    if (!nested.empty()) violations.AddNested(fmt::format("checks[{}]", mails.size()), nested);
    mails.push_back(std::move(mail));
  }
  return mails;
}

std::vector<std::string> RecipientIdsFromProto(
    const google::protobuf::RepeatedPtrField<std::string>& recipients, Violations& violations) {
  CheckCount(recipients.size(), "recipients", violations);
  std::vector<std::string> ids;
  if (recipients.size() > kMaxItems) return ids;
  for (const std::string& name : recipients) {
    ids.push_back(RecipientId(name, fmt::format("recipients[{}]", ids.size()), violations));
  }
  return ids;
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

ConsentSource SourceFromProto(const v1::ConsentSource& source, Violations& violations) {
  ConsentSource result{ConsentMethod::kApi, source.actor(), source.consent_text()};
  if (!v1::ConsentSource::Method_IsValid(source.method())) {
    violations.Add("source.method", fmt::format("{} is not a method", int{source.method()}));
  } else if (source.method() != v1::ConsentSource::METHOD_UNSPECIFIED) {
    result.method = static_cast<ConsentMethod>(source.method());
  }
  ValidateSource(result, "source", violations);
  return result;
}

LinkUpdate LinkUpdateFromProto(const v1::UpdateLinkRequest& request, Violations& violations) {
  LinkUpdate update{CategoriesFromProto(request.unsubscribe(), "unsubscribe", violations),
                    CategoriesFromProto(request.subscribe(), "subscribe", violations),
                    request.unsubscribe_from_all()};
  if (request.has_tracking_allowed()) update.tracking_allowed = request.tracking_allowed();
  update.consent_text = request.consent_text();
  ValidateConsentText(update.consent_text, "consent_text", violations);
  return update;
}

std::optional<SuppressionReason> ReasonFromProto(v1::Suppression::Reason reason,
                                                 Violations& violations) {
  if (reason == v1::Suppression::REASON_UNSPECIFIED) return std::nullopt;
  if (!v1::Suppression::Reason_IsValid(reason)) {
    violations.Add("reason", fmt::format("{} is not a reason", int{reason}));
    return std::nullopt;
  }
  return static_cast<SuppressionReason>(reason);
}

v1::Recipient ToProto(const Recipient& recipient) {
  v1::Recipient result;
  result.set_name(RecipientName(recipient.id));
  result.set_email_address(recipient.email_address);
  result.set_display_name(recipient.display_name);
  result.set_given_name(recipient.given_name);
  result.set_language_code(recipient.language_code);
  result.set_time_zone(recipient.time_zone);
  *result.mutable_create_time() = protobuf::ToProto(recipient.create_time);
  *result.mutable_update_time() = protobuf::ToProto(recipient.update_time);
  return result;
}

v1::Preferences ToProto(std::string_view recipient_id, const RecipientConsent& consent) {
  v1::Preferences result;
  result.set_name(PreferencesName(recipient_id));
  result.set_suppressed(consent.suppressed);
  ToProto(consent, *result.mutable_categories());
  result.set_tracking_allowed(consent.tracking.allowed);
  if (consent.tracking.update_time) {
    *result.mutable_tracking_update_time() = protobuf::ToProto(*consent.tracking.update_time);
  }
  return result;
}

v1::Link ToProto(const LinkState& state) {
  v1::Link result;
  result.set_kind(static_cast<v1::Link::Kind>(state.link.kind));
  if (state.link.category) result.set_category(static_cast<type::Category>(*state.link.category));
  result.set_language_code(state.language_code);
  ToProto(state.consent, *result.mutable_categories());
  for (const Category category : ChangeableCategories(state.link)) {
    result.add_changeable_categories(static_cast<type::Category>(category));
  }
  result.set_unsubscribed_from_all(
      std::ranges::none_of(state.consent.categories, &CategoryConsent::subscribed));
  result.set_undo_token(state.undo_token);
  result.set_tracking_allowed(state.consent.tracking.allowed);
  return result;
}

v1::ConsentEvent ToProto(std::string_view recipient_id, const ConsentEvent& event) {
  v1::ConsentEvent result;
  result.set_name(ConsentEventName(recipient_id, event.id));
  if (event.category) result.set_category(static_cast<type::Category>(*event.category));
  result.set_action(static_cast<v1::ConsentEvent::Action>(event.action));
  result.mutable_source()->set_method(static_cast<v1::ConsentSource::Method>(event.source.method));
  result.mutable_source()->set_actor(event.source.actor);
  result.mutable_source()->set_consent_text(event.source.consent_text);
  *result.mutable_event_time() = protobuf::ToProto(event.event_time);
  return result;
}

v1::Suppression ToProto(const Suppression& suppression) {
  v1::Suppression result;
  result.set_name(SuppressionName(suppression.id));
  result.set_email_address(suppression.email_address);
  result.set_reason(static_cast<v1::Suppression::Reason>(suppression.reason));
  result.set_detail(suppression.detail);
  *result.mutable_create_time() = protobuf::ToProto(suppression.create_time);
  return result;
}

v1::Verdict ToProto(Verdict verdict) {
  v1::Verdict result;
  result.set_decision(static_cast<v1::Verdict::Decision>(verdict.decision));
  result.set_reason(static_cast<v1::Verdict::Reason>(verdict.reason));
  result.set_email_address(std::move(verdict.email_address));
  result.set_display_name(std::move(verdict.display_name));
  result.set_given_name(std::move(verdict.given_name));
  result.set_language_code(std::move(verdict.language_code));
  result.set_time_zone(std::move(verdict.time_zone));
  if (verdict.decision == Decision::kDefer) {
    *result.mutable_retry_time() = protobuf::ToProto(verdict.retry_time);
  }
  result.set_unsubscribe_url(std::move(verdict.unsubscribe_url));
  result.set_preferences_url(std::move(verdict.preferences_url));
  result.set_tracking_allowed(verdict.tracking_allowed);
  return result;
}

v1::Erasure ToProto(const ErasureJob& job) {
  v1::Erasure result;
  result.set_name(ErasureName(job.id));
  result.set_state(job.end_time ? v1::Erasure::STATE_DONE : v1::Erasure::STATE_RUNNING);
  result.mutable_pending_services()->Add(job.pending_services.begin(), job.pending_services.end());
  *result.mutable_create_time() = protobuf::ToProto(job.create_time);
  if (job.end_time) *result.mutable_end_time() = protobuf::ToProto(*job.end_time);
  return result;
}

}  // namespace lmsmail::preference
