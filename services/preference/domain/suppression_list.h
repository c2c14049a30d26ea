#pragma once

#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/token/key_ring.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// The addresses that no mail is sent to. Thread-safe. The arguments of the constructor must outlive
// it.
class SuppressionList {
 public:
  SuppressionList(PreferenceStore& store, const token::KeyRing& keys, const Clock& clock);

  // Returns the existing entry when the address is already on the list.
  absl::StatusOr<Suppression> Add(std::string_view email_address, SuppressionReason reason,
                                  std::string_view detail, absl::Time deadline);
  absl::Status RemoveById(std::string_view id, absl::Time deadline);
  absl::Status RemoveAddress(std::string_view email_address, absl::Time deadline);
  absl::StatusOr<std::vector<Suppression>> List(const SuppressionQuery& query, absl::Time deadline);

 private:
  PreferenceStore& store_;
  const token::KeyRing& keys_;
  const Clock& clock_;
};

}  // namespace lmsmail::preference
