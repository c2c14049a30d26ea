#include "services/preference/domain/address_key.h"

#include "libs/address/email_address.h"
#include "libs/status/status_macros.h"

namespace lmsmail::preference {

absl::StatusOr<AddressKey> AddressKeyOf(const token::KeyRing& keys,
                                        std::string_view email_address) {
  LMSMAIL_ASSIGN_OR_RETURN(const address::EmailAddress address,
                           address::ParseEmailAddress(email_address));
  AddressKey key{address::CanonicalForm(address), {}};
  key.hashes = keys.KeyedHashes("suppression", key.canonical);
  return key;
}

std::vector<std::string> SubjectHashes(const token::KeyRing& keys, std::string_view recipient_id) {
  return keys.KeyedHashes("consent", recipient_id);
}

}  // namespace lmsmail::preference
