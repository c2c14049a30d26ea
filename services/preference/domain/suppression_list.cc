#include "services/preference/domain/suppression_list.h"

#include <string>

#include "libs/address/email_address.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::preference {
namespace {

absl::StatusOr<AddressKey> KeyOfField(const token::KeyRing& keys, std::string_view email_address) {
  absl::StatusOr<AddressKey> key = AddressKeyOf(keys, email_address);
  if (!key.ok()) return InvalidField("email_address", ToStd(key.status().message()));
  return key;
}

}  // namespace

SuppressionList::SuppressionList(PreferenceStore& store, const token::KeyRing& keys,
                                 const Clock& clock)
    : store_(store), keys_(keys), clock_(clock) {}

absl::StatusOr<Suppression> SuppressionList::Add(std::string_view email_address,
                                                 SuppressionReason reason, std::string_view detail,
                                                 absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const AddressKey key, KeyOfField(keys_, email_address));
  LMSMAIL_ASSIGN_OR_RETURN(const address::EmailAddress parsed,
                           address::ParseEmailAddress(email_address));
  return store_.AddSuppression(
      key, {key.hashes.front(), parsed.ToString(), reason, std::string(detail), clock_.Now()},
      deadline);
}

absl::Status SuppressionList::RemoveById(std::string_view id, absl::Time deadline) {
  return store_.RemoveSuppressionById(id, deadline);
}

absl::Status SuppressionList::RemoveAddress(std::string_view email_address, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const AddressKey key, KeyOfField(keys_, email_address));
  return store_.RemoveSuppressionOf(key, deadline);
}

absl::StatusOr<std::vector<Suppression>> SuppressionList::List(const SuppressionQuery& query,
                                                               absl::Time deadline) {
  return store_.ListSuppressions(query, deadline);
}

}  // namespace lmsmail::preference
