#include "services/preference/domain/consent_registry.h"

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
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent recorded,
                           store_.GetConsent(recipient_id, deadline));
  return WithDefaults(recorded);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Unsubscribe(const ConsentRequest& request,
                                                              absl::Time deadline) {
  return Change(request, /*subscribed=*/false, deadline);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Resubscribe(const ConsentRequest& request,
                                                              absl::Time deadline) {
  return Change(request, /*subscribed=*/true, deadline);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::Change(const ConsentRequest& request,
                                                         bool subscribed, absl::Time deadline) {
  if (std::ranges::any_of(request.categories,
                          [](Category each) { return PolicyOf(each).mandatory; })) {
    return InvalidField(
        "category",
        "is mandatory, and its mail needs no consent: give an optional category, or none "
        "for all of them");
  }
  const ConsentChange change{request.recipient_id,
                             request.categories.empty() ? OptionalCategories() : request.categories,
                             subscribed, request.source, clock_.Now()};
  LMSMAIL_ASSIGN_OR_RETURN(const RecipientConsent recorded, store_.RecordConsent(change, deadline));
  return WithDefaults(recorded);
}

absl::StatusOr<RecipientConsent> ConsentRegistry::SetTracking(std::string_view recipient_id,
                                                              bool allowed,
                                                              const ConsentSource& source,
                                                              absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(
      const RecipientConsent recorded,
      store_.RecordTracking({std::string(recipient_id), allowed, source, clock_.Now()}, deadline));
  return WithDefaults(recorded);
}

absl::StatusOr<std::vector<bool>> ConsentRegistry::TrackingAllowed(
    absl::Span<const std::string> recipient_ids, absl::Time deadline) {
  return store_.TrackingAllowed(recipient_ids, deadline);
}

absl::StatusOr<std::int64_t> ConsentRegistry::EnsureDefaults(absl::Time deadline) {
  return store_.ApplyDefaults(defaults_, clock_.Now(), deadline);
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

RecipientConsent ConsentRegistry::WithDefaults(const RecipientConsent& recorded) const {
  RecipientConsent consent{{}, recorded.suppressed, recorded.tracking};
  for (const Category category : OptionalCategories()) {
    const auto found = std::ranges::find(recorded.categories, category, &CategoryConsent::category);
    consent.categories.push_back(
        found != recorded.categories.end()
            ? *found
            : CategoryConsent{category, defaults_.subscribed.contains(category), std::nullopt});
  }
  return consent;
}

}  // namespace lmsmail::preference
