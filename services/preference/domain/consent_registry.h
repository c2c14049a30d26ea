#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/token/key_ring.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// A request to change consent. Without categories it applies to every optional one.
struct ConsentRequest {
  std::string recipient_id;
  std::vector<Category> categories;
  ConsentSource source;
};

// Reads and changes consent. Results contain every optional category; a category without a record
// has the school's default. Thread-safe. The arguments of the constructor must outlive it.
class ConsentRegistry {
 public:
  ConsentRegistry(PreferenceStore& store, const token::KeyRing& keys, DefaultConsent defaults,
                  const Clock& clock);

  absl::StatusOr<RecipientConsent> Get(std::string_view recipient_id, absl::Time deadline);
  // Mandatory categories are INVALID_ARGUMENT.
  absl::StatusOr<RecipientConsent> Unsubscribe(const ConsentRequest& request, absl::Time deadline);
  absl::StatusOr<RecipientConsent> Resubscribe(const ConsentRequest& request, absl::Time deadline);
  // Idempotent.
  absl::StatusOr<RecipientConsent> SetTracking(std::string_view recipient_id, bool allowed,
                                               const ConsentSource& source, absl::Time deadline);
  // In order. False for unknown recipients.
  absl::StatusOr<std::vector<bool>> TrackingAllowed(absl::Span<const std::string> recipient_ids,
                                                    absl::Time deadline);
  // Records the school's default for every recipient without a record of a category. Returns the
  // number of these recipients.
  absl::StatusOr<std::int64_t> EnsureDefaults(absl::Time deadline);
  // Returns the events of the recipient and of erased recipients with the same id, newest first.
  // NOT_FOUND when there has been no such recipient.
  absl::StatusOr<std::vector<ConsentEvent>> ListEvents(std::string_view recipient_id,
                                                       std::optional<std::int64_t> before_id,
                                                       int limit, absl::Time deadline);

 private:
  absl::StatusOr<RecipientConsent> Change(const ConsentRequest& request, bool subscribed,
                                          absl::Time deadline);
  RecipientConsent WithDefaults(const RecipientConsent& recorded) const;

  PreferenceStore& store_;
  const token::KeyRing& keys_;
  const DefaultConsent defaults_;
  const Clock& clock_;
};

}  // namespace lmsmail::preference
