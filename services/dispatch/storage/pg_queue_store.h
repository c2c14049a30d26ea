#pragma once

#include <optional>
#include <pqxx/transaction>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "libs/postgres/pool.h"
#include "services/dispatch/storage/low_watermarks.h"
#include "services/dispatch/storage/pg_sequence.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// The queue in PostgreSQL. Most of it is in the SQL functions of functions/. All times are by the
// clock of the database.
//
// Depths() counts each kind of waiting mail up to 10 000 and estimates beyond; the rest is exact.
class PgQueueStore final : public QueueStore {
 public:
  // Adds the prepared statements that the store's pool needs.
  static void Configure(postgres::PoolOptions& options);

  // `pool` has the schema "dispatch" and outlives the store.
  explicit PgQueueStore(postgres::Pool& pool);

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions) override;

  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override;
  absl::StatusOr<Claim> Resume(ClaimId id, absl::Duration lease) override;
  absl::StatusOr<std::string> DatabaseId() override;
  absl::StatusOr<ClaimId> NextClaimId() override;

  absl::StatusOr<FlushResult> Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                    bool last) override;
  absl::StatusOr<std::vector<ClaimId>> Extend(absl::Span<const ClaimId> ids,
                                              absl::Duration lease) override;
  absl::StatusOr<int> Release(ClaimId id) override;
  absl::StatusOr<int> RecoverExpired() override;

  absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) override;

  absl::StatusOr<CancelResult> Cancel(MessageId id) override;
  absl::Status CancelBatch(BatchId id) override;
  absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) override;
  absl::Status Retry(MessageId id, std::string_view request_id) override;

  absl::Status SetPaused(Lane lane, bool paused, std::string_view detail) override;
  absl::StatusOr<std::vector<LaneDepth>> Depths() override;
  absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit) override;

  absl::StatusOr<int> Promote() override;
  absl::Status FindOverlooked() override;
  absl::Status Maintain() override;
  absl::StatusOr<Purged> Purge(absl::Time before, bool count_only) override;

 private:
  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> AcceptOnce(
      absl::Span<const Submission> submissions);
  absl::Status EnsureDays();
  absl::Status DeleteExpiredKeys();
  absl::Status DropDay(std::int64_t day);
  absl::Status DropPartition(std::string_view table, std::int64_t day);
  void Vacuum();

  postgres::Pool& pool_;
  PgSequence message_numbers_{"message_seq", 1000};
  PgSequence claim_ids_{"claim_seq", 100};
  const SystemClock clock_;
  LowWatermarks watermarks_{clock_};
};

}  // namespace lmsmail::dispatch
