#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// A store for tests. Ignores deadlines.
class InMemoryPreferenceStore final : public PreferenceStore {
 public:
  absl::StatusOr<Registered> UpsertRecipients(absl::Span<const Registration> registrations,
                                              const DefaultConsent& defaults, absl::Time now,
                                              absl::Time deadline) override;
  absl::StatusOr<Recipient> GetRecipient(std::string_view id, absl::Time deadline) override;
  absl::StatusOr<std::vector<Recipient>> ListRecipients(const RecipientQuery& query,
                                                        absl::Time deadline) override;
  absl::StatusOr<ErasureJob> EraseRecipient(const Erasure& erasure, absl::Time deadline) override;
  absl::StatusOr<ErasureJob> GetErasure(std::int64_t id, absl::Time deadline) override;
  absl::StatusOr<std::vector<ErasureJob>> ListErasures(const ErasureQuery& query,
                                                       absl::Time deadline) override;
  absl::StatusOr<std::vector<PendingErasure>> PendingErasures(std::string_view service, int limit,
                                                              absl::Time deadline) override;
  absl::Status AcknowledgeErasure(std::int64_t id, std::string_view service, absl::Time now,
                                  absl::Time deadline) override;
  absl::StatusOr<RunningErasures> MeasureErasures(absl::Time deadline) override;

  absl::StatusOr<RecipientConsent> GetConsent(std::string_view recipient_id,
                                              absl::Time deadline) override;
  absl::StatusOr<RecipientConsent> RecordConsent(const ConsentChange& change,
                                                 absl::Time deadline) override;
  absl::StatusOr<RecipientConsent> RecordTracking(const TrackingChange& change,
                                                  absl::Time deadline) override;
  absl::StatusOr<std::vector<bool>> TrackingAllowed(absl::Span<const std::string> ids,
                                                    absl::Time deadline) override;
  absl::StatusOr<std::int64_t> ApplyDefaults(const DefaultConsent& defaults, absl::Time now,
                                             absl::Time deadline) override;
  absl::StatusOr<std::vector<ConsentEvent>> ListConsentEvents(const ConsentEventQuery& query,
                                                              absl::Time deadline) override;

  absl::StatusOr<Suppression> AddSuppression(const AddressKey& address,
                                             const Suppression& suppression,
                                             absl::Time deadline) override;
  absl::Status RemoveSuppressionById(std::string_view id, absl::Time deadline) override;
  absl::Status RemoveSuppressionOf(const AddressKey& address, absl::Time deadline) override;
  absl::StatusOr<std::vector<Suppression>> ListSuppressions(const SuppressionQuery& query,
                                                            absl::Time deadline) override;

  absl::StatusOr<std::vector<CheckFacts>> Check(absl::Span<const CheckQuery> queries,
                                                absl::Time deadline) override;

  // Stores a recipient without any record of consent, like a bulk load past the service.
  void InsertWithoutConsent(const Registration& registration);

 private:
  struct Person {
    Recipient recipient;
    AddressKey address;
    std::map<Category, CategoryConsent> consent = {};
    TrackingConsent tracking = {};
  };
  struct RecordedEvent {
    std::string subject;  // the recipient's id, or its hash after an erasure
    ConsentEvent event;
  };
  struct RecordedErasure {
    ErasureJob job;
    PendingErasure pending;
  };
  struct Entry {
    std::string canonical;  // empty after an erasure
    Suppression suppression;
  };

  bool ApplyMissingDefaults(Person& person, const DefaultConsent& defaults, absl::Time now)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Record(std::string subject, std::optional<Category> category, ConsentAction action,
              const ConsentSource& source, absl::Time time) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  const Suppression* FindSuppression(const AddressKey& address) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::size_t RemoveEntries(const AddressKey& address, absl::Time* oldest)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Refuses(const AddressKey& address, Category category) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void CheckAddress(const CheckQuery& query, CheckFacts& facts) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Keeps of an erased recipient what has to stay. Returns whether the address is also another's.
  bool Forget(const Person& person, const Erasure& erasure) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepRefusals(const Person& erased, const Erasure& erasure, bool shared)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  RecipientConsent ConsentOf(const Person& person) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::map<std::string, Person, std::less<>> people_ ABSL_GUARDED_BY(mutex_);
  std::vector<RecordedEvent> events_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Entry, std::less<>> suppressions_ ABSL_GUARDED_BY(mutex_);  // by id
  std::vector<RecordedErasure> erasures_ ABSL_GUARDED_BY(mutex_);  // the id is the position + 1
  // By the hash of an address.
  std::map<std::pair<std::string, Category>, absl::Time> refusals_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::preference
