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

#include "libs/category/category.h"
#include "services/preference/domain/address_key.h"
#include "services/preference/domain/consent.h"
#include "services/preference/domain/erasure.h"
#include "services/preference/domain/recipient.h"
#include "services/preference/domain/suppression.h"

namespace lmsmail::preference {

// A recipient to store. Its times are ignored.
struct Registration {
  Recipient recipient;
  AddressKey address;
};

struct Registered {
  std::vector<Recipient> recipients;  // as stored, in the order of the request
  int created_count = 0;
};

struct RecipientQuery {
  std::string after_id;                          // exclusive; empty starts at the first recipient
  std::optional<std::string> canonical_address;  // returns only recipients with this address
  int limit = 0;
};

struct SuppressionQuery {
  // The last entry of the previous page.
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
  std::vector<std::string> subject_hashes;  // of the id; find the events kept after an erasure
  std::optional<std::int64_t> before_id;    // exclusive; returns only older events
  int limit = 0;
};

// A query about one mail to either a recipient or an address without a recipient.
struct CheckQuery {
  std::string recipient_id;           // empty for an address
  std::optional<AddressKey> address;  // set only without recipient_id
  Category category = Category::kDemo;
};

// The stored data about a CheckQuery.
struct CheckFacts {
  std::optional<Recipient> recipient;  // without its times
  std::optional<SuppressionReason> suppression;
  // Of the recipient, or of any recipient with the address. Absent without a record of the
  // category.
  std::optional<bool> subscribed;
  bool explicitly_set = false;      // `subscribed` is not just a default of the recipient
  bool refused_by_address = false;  // see PreferenceStore
  bool tracking_allowed = false;
  std::string owner_id;  // of an address: the first recipient who has it, or empty
};

// Stores recipients, their consent with its history, and the suppression list. Every function is
// atomic unless it says otherwise, and returns by `deadline`. Thread-safe.
//
// An address is suppressed when the list has its canonical form or one of its hashes.
//
// An address refuses a category when the newest decision about it is a refusal, of all that its
// recipients made and those that outlived an erasure. Defaults are no decisions.
class PreferenceStore {
 public:
  virtual ~PreferenceStore() = default;

  // Creates or replaces recipients with distinct ids. Only a change sets `update_time`. A new
  // recipient gets `defaults` and a consent event for each subscribed category.
  virtual absl::StatusOr<Registered> UpsertRecipients(absl::Span<const Registration> registrations,
                                                      const DefaultConsent& defaults,
                                                      absl::Time now, absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<Recipient> GetRecipient(std::string_view id, absl::Time deadline) = 0;
  // Sorted by id, compared by octets.
  virtual absl::StatusOr<std::vector<Recipient>> ListRecipients(const RecipientQuery& query,
                                                                absl::Time deadline) = 0;
  // Deletes the recipient and its consent, and creates the job for the other services. Removes id,
  // actor and consent text from its history, keeps the rest under `subject_hash`, and adds an event
  // of the erasure. The hash of the address refuses every optional category from then on, and stays
  // on the suppression list, with the reason kErased, when the address was suppressed. When another
  // recipient has the same address, the list stays unchanged and the hash refuses only what the
  // erased one had refused. NOT_FOUND; ABORTED when the address was changed concurrently, or when a
  // recipient appeared where there had been none.
  virtual absl::StatusOr<ErasureJob> EraseRecipient(const Erasure& erasure,
                                                    absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::StatusOr<ErasureJob> GetErasure(std::int64_t id, absl::Time deadline) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<ErasureJob>> ListErasures(const ErasureQuery& query,
                                                               absl::Time deadline) = 0;
  // The oldest jobs of which `service` is the next to work, at most `limit`.
  virtual absl::StatusOr<std::vector<PendingErasure>> PendingErasures(std::string_view service,
                                                                      int limit,
                                                                      absl::Time deadline) = 0;
  // Records that `service` has done its part. With the last part the job forgets who it was about,
  // and so does the audit log. Idempotent. NOT_FOUND.
  virtual absl::Status AcknowledgeErasure(std::int64_t id, std::string_view service, absl::Time now,
                                          absl::Time deadline) = 0;
  virtual absl::StatusOr<RunningErasures> MeasureErasures(absl::Time deadline) = 0;

  // Omits categories without a record. What the address refuses is not subscribed. NOT_FOUND.
  virtual absl::StatusOr<RecipientConsent> GetConsent(std::string_view recipient_id,
                                                      absl::Time deadline) = 0;
  // Records the change, and an event, for each category where it differs from the record, replaces
  // a default or answers a refusal of the address. Returns the new record. NOT_FOUND.
  virtual absl::StatusOr<RecipientConsent> RecordConsent(const ConsentChange& change,
                                                         absl::Time deadline) = 0;
  // Records the change, and an event, if it differs from the record or replaces a default. Returns
  // the new record. NOT_FOUND.
  virtual absl::StatusOr<RecipientConsent> RecordTracking(const TrackingChange& change,
                                                          absl::Time deadline) = 0;
  // Whether opens and clicks of each recipient may be recorded, in order. False for unknown ones.
  virtual absl::StatusOr<std::vector<bool>> TrackingAllowed(absl::Span<const std::string> ids,
                                                            absl::Time deadline) = 0;
  // Records `defaults`, with events, for each optional category without a record. Returns the
  // number of changed recipients. Not atomic: works in batches, each of which is atomic.
  virtual absl::StatusOr<std::int64_t> ApplyDefaults(const DefaultConsent& defaults, absl::Time now,
                                                     absl::Time deadline) = 0;
  // Newest first.
  virtual absl::StatusOr<std::vector<ConsentEvent>> ListConsentEvents(
      const ConsentEventQuery& query, absl::Time deadline) = 0;

  // Returns the existing entry when the address is already on the list. The id of a new entry is
  // the first hash of the address.
  virtual absl::StatusOr<Suppression> AddSuppression(const AddressKey& address,
                                                     const Suppression& suppression,
                                                     absl::Time deadline) = 0;
  // NOT_FOUND.
  virtual absl::Status RemoveSuppressionById(std::string_view id, absl::Time deadline) = 0;
  virtual absl::Status RemoveSuppressionOf(const AddressKey& address, absl::Time deadline) = 0;
  // Newest first. Entries of the same time are sorted by descending id.
  virtual absl::StatusOr<std::vector<Suppression>> ListSuppressions(const SuppressionQuery& query,
                                                                    absl::Time deadline) = 0;

  // Returns the facts for each query, in order, from one snapshot.
  virtual absl::StatusOr<std::vector<CheckFacts>> Check(absl::Span<const CheckQuery> queries,
                                                        absl::Time deadline) = 0;
};

}  // namespace lmsmail::preference
