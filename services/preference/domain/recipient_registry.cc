#include "services/preference/domain/recipient_registry.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "libs/address/email_address.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::preference {

RecipientRegistry::RecipientRegistry(PreferenceStore& store, const token::KeyRing& keys,
                                     DefaultConsent defaults, const Clock& clock)
    : store_(store), keys_(keys), defaults_(std::move(defaults)), clock_(clock) {}

absl::StatusOr<Registered> RecipientRegistry::Upsert(std::vector<Recipient> recipients,
                                                     Violations violations, absl::Time deadline) {
  std::map<std::string_view, std::size_t> first_index;
  std::vector<Registration> registrations;
  registrations.reserve(recipients.size());
  for (std::size_t i = 0; i < recipients.size(); ++i) {
    if (recipients[i].id.empty()) continue;  // already a violation
    const auto [found, is_new] = first_index.emplace(recipients[i].id, i);
    if (!is_new) {
      violations.Add(fmt::format("recipients[{}].name", i),
                     fmt::format("is also the name of recipients[{}]: give each recipient once",
                                 found->second));
    }
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  for (Recipient& recipient : recipients) {
    LMSMAIL_ASSIGN_OR_RETURN(const address::EmailAddress parsed,
                             address::ParseEmailAddress(recipient.email_address));
    recipient.email_address = parsed.ToString();  // with the domain as A-labels
    LMSMAIL_ASSIGN_OR_RETURN(AddressKey key, AddressKeyOf(keys_, recipient.email_address));
    registrations.push_back({std::move(recipient), std::move(key)});
  }
  return store_.UpsertRecipients(registrations, defaults_, clock_.Now(), deadline);
}

absl::StatusOr<Recipient> RecipientRegistry::Get(std::string_view id, absl::Time deadline) {
  return store_.GetRecipient(id, deadline);
}

absl::StatusOr<std::vector<Recipient>> RecipientRegistry::List(const ListOptions& options,
                                                               absl::Time deadline) {
  RecipientQuery query{options.after_id, std::nullopt, options.limit};
  if (!options.email_address.empty()) {
    const absl::StatusOr<AddressKey> key = AddressKeyOf(keys_, options.email_address);
    if (!key.ok()) return InvalidField("email_address", ToStd(key.status().message()));
    query.canonical_address = key->canonical;
  }
  return store_.ListRecipients(query, deadline);
}

absl::StatusOr<ErasureJob> RecipientRegistry::Erase(std::string_view id, bool allow_missing,
                                                    absl::Time deadline) {
  Erasure erasure{std::string(id), std::nullopt, SubjectHashes(keys_, id).front(), clock_.Now()};
  const absl::StatusOr<Recipient> recipient = store_.GetRecipient(id, deadline);
  if (recipient.ok()) {
    LMSMAIL_ASSIGN_OR_RETURN(erasure.address, AddressKeyOf(keys_, recipient->email_address));
  } else if (!allow_missing || !absl::IsNotFound(recipient.status())) {
    return recipient.status();
  }
  return store_.EraseRecipient(erasure, deadline);
}

}  // namespace lmsmail::preference
