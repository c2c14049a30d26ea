#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/preference/domain/address_key.h"
#include "services/preference/domain/category.h"
#include "services/preference/domain/consent.h"
#include "services/preference/domain/recipient.h"
#include "services/preference/domain/suppression.h"

namespace lmsmail::preference {

// A recipient as it is to be stored; its times are ignored.
struct Registration {
  Recipient recipient;
  AddressKey address;
};

struct Registered {
  std::vector<Recipient> recipients;  // as stored, in the order of the registrations
  int created_count = 0;
};

struct RecipientQuery {
  std::string after_id;                          // only later ids; empty: from the first
  std::optional<std::string> canonical_address;  // only recipients with this address
  int limit = 0;
};

struct SuppressionQuery {
  // Only what comes after this entry in the list's order.
  struct Position {
    absl::Time create_time;
    std::string id;
  };
  std::optional<Position> after;
  std::optional<SuppressionReason> reason;
  int limit = 0;
};

struct ConsentEventQuery {
  std::string recipient_id;
  std::vector<std::string> subject_hashes;  // of the id: finds what was kept after an erasure
  std::optional<std::int64_t> before_id;    // only older events
  int limit = 0;
};

struct Erasure {
  std::string recipient_id;
  AddressKey address;        // of the address that the recipient is known to have
  std::string subject_hash;  // under which the consent history stays
  absl::Time time;
};

// About one mail: either a recipient or an address that belongs to none.
struct CheckQuery {
  std::string recipient_id;           // empty: see address
  std::optional<AddressKey> address;  // only without recipient_id
  Category category = Category::kDemo;
};

// All that is on record about a CheckQuery.
struct CheckFacts {
  std::optional<Recipient> recipient;  // without its times
  std::optional<SuppressionReason> suppression;
  std::optional<bool> subscribed;  // absent: nothing on record about this category
  bool decided = false;            // `subscribed` is a wish, not a default
};

// Recipients, their consent, its history, and the suppression list. Thread-safe. Every function
// blocks until `deadline` at most and is atomic: it does all that it says, or nothing.
//
// An address is suppressed when the list has it by its canonical form or by one of its hashes.
class PreferenceStore {
 public:
  virtual ~PreferenceStore() = default;

  // Creates or replaces; ids are distinct. `update_time` moves only where something changes. Who is
  // new gets `defaults`, and a consent event for each category that they subscribe to.
  virtual absl::StatusOr<Registered> UpsertRecipients(absl::Span<const Registration> registrations,
                                                      const DefaultConsent& defaults,
                                                      absl::Time now, absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<Recipient> GetRecipient(std::string_view id, absl::Time deadline) = 0;
  // In the order of ids, compared by octets.
  virtual absl::StatusOr<std::vector<Recipient>> ListRecipients(const RecipientQuery& query,
                                                                absl::Time deadline) = 0;
  // Removes the recipient and its consent; takes id, actor and wording out of its history, leaving
  // the rest under `subject_hash`, and adds the erasure to it. When the address was suppressed, or
  // its owner had withdrawn consent to every optional category, the suppression list keeps a hash
  // of it, reason kErased, unless another recipient has the same address: then the list stays as it
  // is. NOT_FOUND; ABORTED when the recipient has got another address meanwhile.
  virtual absl::Status EraseRecipient(const Erasure& erasure, absl::Time deadline) = 0;

  // What is on record; categories without a record are left out. NOT_FOUND for no such recipient.
  virtual absl::StatusOr<RecipientConsent> GetConsent(std::string_view recipient_id,
                                                      absl::Time deadline) = 0;
  // Records a wish and an event for each category where it differs from what is on record; a
  // default becomes a wish even where it says the same. Returns what is then on record. NOT_FOUND.
  virtual absl::StatusOr<RecipientConsent> Decide(const ConsentDecision& decision,
                                                  absl::Time deadline) = 0;
  // Gives `defaults` for each optional category that a recipient has no record of, as if newly
  // registered; returns how many recipients were given any. Not atomic: it goes in steps, and what
  // is done stays done.
  virtual absl::StatusOr<std::int64_t> GiveDefaults(const DefaultConsent& defaults, absl::Time now,
                                                    absl::Time deadline) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<ConsentEvent>> ListConsentEvents(
      const ConsentEventQuery& query, absl::Time deadline) = 0;

  // Returns the entry that was there first when the address is on the list already. The new entry's
  // id is the address's first hash.
  virtual absl::StatusOr<Suppression> AddSuppression(const AddressKey& address,
                                                     const Suppression& suppression,
                                                     absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::Status RemoveSuppressionById(std::string_view id, absl::Time deadline) = 0;
  virtual absl::Status RemoveSuppressionOf(const AddressKey& address, absl::Time deadline) = 0;
  // Newest first; entries of the same time by falling id.
  virtual absl::StatusOr<std::vector<Suppression>> ListSuppressions(const SuppressionQuery& query,
                                                                    absl::Time deadline) = 0;

  // The facts for each query, in order, as they are at one instant.
  virtual absl::StatusOr<std::vector<CheckFacts>> Check(absl::Span<const CheckQuery> queries,
                                                        absl::Time deadline) = 0;
};

}  // namespace lmsmail::preference
