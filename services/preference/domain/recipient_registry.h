#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/status/error_details.h"
#include "libs/token/key_ring.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// Registers, lists and erases recipients. Thread-safe. The arguments of the constructor must
// outlive it.
class RecipientRegistry {
 public:
  RecipientRegistry(PreferenceStore& store, const token::KeyRing& keys, DefaultConsent defaults,
                    const Clock& clock);

  // `violations` are those that ValidateRecipient found. Duplicate ids are added to them.
  absl::StatusOr<Registered> Upsert(std::vector<Recipient> recipients, Violations violations,
                                    absl::Time deadline);
  absl::StatusOr<Recipient> Get(std::string_view id, absl::Time deadline);

  struct ListOptions {
    std::string after_id = {};
    std::string email_address = {};  // empty means any
    int limit = 0;
  };
  absl::StatusOr<std::vector<Recipient>> List(const ListOptions& options, absl::Time deadline);
  // With `allow_missing`, an id without a recipient is erased from the other services.
  absl::StatusOr<ErasureJob> Erase(std::string_view id, bool allow_missing, absl::Time deadline);

 private:
  PreferenceStore& store_;
  const token::KeyRing& keys_;
  const DefaultConsent defaults_;
  const Clock& clock_;
};

}  // namespace lmsmail::preference
