#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/token/key_ring.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// A wish as it reaches us: without a category it is about every optional one.
struct Wish {
  std::string recipient_id;
  std::optional<Category> category;
  ConsentSource source;
};

// Who agreed to what. What it returns of a recipient has every optional category, those without a
// record by the school's default. Thread-safe; what it is made of must outlive it.
class ConsentRegistry {
 public:
  ConsentRegistry(PreferenceStore& store, const token::KeyRing& keys, DefaultConsent defaults,
                  const Clock& clock);

  absl::StatusOr<RecipientConsent> Get(std::string_view recipient_id, absl::Time deadline);
  // Mandatory categories are INVALID_ARGUMENT.
  absl::StatusOr<RecipientConsent> Unsubscribe(const Wish& wish, absl::Time deadline);
  absl::StatusOr<RecipientConsent> Resubscribe(const Wish& wish, absl::Time deadline);
  // Gives the school's default to every recipient that lacks a record about a category; returns how
  // many there were.
  absl::StatusOr<std::int64_t> EnsureDefaults(absl::Time deadline);
  // Newest first, of a present recipient and of whoever had this id and was erased. NOT_FOUND when
  // there has been nobody.
  absl::StatusOr<std::vector<ConsentEvent>> ListEvents(std::string_view recipient_id,
                                                       std::optional<std::int64_t> before_id,
                                                       int limit, absl::Time deadline);

 private:
  absl::StatusOr<RecipientConsent> Decide(const Wish& wish, bool subscribed, absl::Time deadline);
  RecipientConsent WithDefaults(const RecipientConsent& on_record) const;

  PreferenceStore& store_;
  const token::KeyRing& keys_;
  const DefaultConsent defaults_;
  const Clock& clock_;
};

}  // namespace lmsmail::preference
