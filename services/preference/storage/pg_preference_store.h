#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/postgres/pool.h"
#include "services/preference/storage/preference_store.h"

namespace lmsmail::preference {

// Stores data in the tables of migrations/. Each subject has its own file: pg_recipients.cc,
// pg_consent.cc, pg_erasure.cc, pg_erasure_jobs.cc, pg_suppressions.cc and
// pg_check.cc. `pool` must outlive it.
class PgPreferenceStore final : public PreferenceStore {
 public:
  // Adds the prepared statements and session settings that the store needs.
  static void Configure(postgres::PoolOptions& options);

  explicit PgPreferenceStore(postgres::Pool& pool) : pool_(pool) {}

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

 private:
  postgres::Pool& pool_;
};

}  // namespace lmsmail::preference
