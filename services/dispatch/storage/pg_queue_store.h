#pragma once

#include <map>
#include <optional>
#include <pqxx/transaction>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
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
  // The same queue for calls that must not wait for connections of the workers, nor they for its
  // own. It makes no claims, and counts from where those of `claiming`, which outlives it, begin.
  PgQueueStore(postgres::Pool& pool, PgQueueStore& claiming);

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions, absl::Time deadline) override;

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
  absl::StatusOr<int> RecoverExpired(absl::Time deadline) override;

  absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) override;

  absl::StatusOr<CancelResult> Cancel(MessageId id, absl::Time deadline) override;
  absl::Status CancelBatch(BatchId id, absl::Time deadline) override;
  absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) override;
  absl::Status Retry(MessageId id, std::string_view request_id, absl::Time deadline) override;
  absl::StatusOr<std::int64_t> RetryRestored(absl::Span<const Category> categories,
                                             absl::Time deadline) override;

  absl::Status SetPaused(Lane lane, bool paused, std::string_view detail,
                         absl::Time deadline) override;
  absl::StatusOr<std::vector<LaneDepth>> Depths(absl::Time deadline) override;
  absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit,
                                                      absl::Time deadline) override;

  absl::StatusOr<int> Promote(absl::Time deadline) override;
  absl::Status FindOverlooked() override;
  absl::Status EnsurePartitions(absl::Time deadline) override;
  absl::StatusOr<bool> ForgetKeys() override;
  absl::StatusOr<DroppedContent> DropContent(const std::map<Category, absl::Time>& before) override;
  absl::Status Maintain() override;
  void InterruptMaintenance() override;
  absl::StatusOr<Purged> Purge(absl::Time before, bool count_only, absl::Time deadline) override;

 private:
  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> AcceptInShard(
      int shard, absl::Span<const Submission> submissions, absl::Time deadline);
  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> AcceptOnce(
      int shard, absl::Span<const Submission> submissions, absl::Time deadline);
  absl::Status DropDays(std::int64_t first_day, absl::Time deadline);
  absl::Status DropPartition(const std::string& drop_sql, std::int64_t day, absl::Time deadline);
  absl::Status RunSlowly(std::string_view name,
                         absl::FunctionRef<void(pqxx::transaction_base&)> body);

  postgres::Pool& pool_;
  PgSequence message_numbers_{"message_seq", 1000};
  PgSequence claim_ids_{"claim_seq", 100};
  const SystemClock clock_;
  LowWatermarks own_watermarks_{clock_};
  LowWatermarks& watermarks_ = own_watermarks_;

  absl::Mutex slow_mutex_;
  bool interrupted_ ABSL_GUARDED_BY(slow_mutex_) = false;
  std::set<int> slow_backends_ ABSL_GUARDED_BY(slow_mutex_);  // their process ids
};

}  // namespace lmsmail::dispatch
