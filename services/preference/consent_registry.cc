#include "services/preference/consent_registry.h"

#include <algorithm>
#include <utility>

#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"

namespace lmsmail::preference {

ConsentRegistry::ConsentRegistry(PreferenceStore& store, const token::KeyRing& keys,
                                 DefaultConsent defaults, const Clock& clock)
    : store_(store), keys_(keys), defaults_(std::move(defaults)), clock_(clock) {}

absl::StatusOr<RecipientConsent> ConsentRegistry::Get(std::string_view recipient_id,
                                                      absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent on_record,
                           store_.GetConsent(recipient_id, deadline));
  return WithDefaults(on_record);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Unsubscribe(const Wish& wish,
                                                              absl::Time deadline) {
  return Decide(wish, /*subscribed=*/false, deadline);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Resubscribe(const Wish& wish,
                                                              absl::Time deadline) {
  return Decide(wish, /*subscribed=*/true, deadline);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Decide(const Wish& wish, bool subscribed,
                                                         absl::Time deadline) {
  if (wish.category && IsMandatory(*wish.category)) {
    return InvalidField("category",
                        "is mandatory: its mails answer something the recipient did and need no "
                        "consent; name an optional category, or none for all of them");
  }
  ConsentDecision decision{wish.recipient_id, {}, subscribed, wish.source, clock_.Now()};
  if (wish.category) {
    decision.categories = {*wish.category};
  } else {
    decision.categories = {kOptionalCategories.begin(), kOptionalCategories.end()};
  }
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent on_record, store_.Decide(decision, deadline));
  return WithDefaults(on_record);
}

absl::StatusOr<std::int64_t> ConsentRegistry::EnsureDefaults(absl::Time deadline) {
  return store_.GiveDefaults(defaults_, clock_.Now(), deadline);
}

absl::StatusOr<std::vector<ConsentEvent>> ConsentRegistry::ListEvents(
    std::string_view recipient_id, std::optional<std::int64_t> before_id, int limit,
    absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(
      std::vector<ConsentEvent> events,
      store_.ListConsentEvents(
          {std::string(recipient_id), SubjectHashes(keys_, recipient_id), before_id, limit},
          deadline));
  if (events.empty() && !before_id) {
    LMSMAIL_RETURN_IF_ERROR(store_.GetRecipient(recipient_id, deadline).status());
  }
  return events;
}

RecipientConsent ConsentRegistry::WithDefaults(const RecipientConsent& on_record) const {
  RecipientConsent whole{{}, on_record.suppressed};
  for (const Category category : kOptionalCategories) {
    const auto found =
        std::ranges::find(on_record.categories, category, &CategoryConsent::category);
    whole.categories.push_back(
        found != on_record.categories.end()
            ? *found
            : CategoryConsent{category, defaults_.subscribed.contains(category), std::nullopt});
  }
  return whole;
}

}  // namespace lmsmail::preference
