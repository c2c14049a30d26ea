#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Passes every call on; tests override those that are to fail or wait.
class QueueStoreDecorator : public QueueStore {
 public:
  // `inner` must outlive this.
  explicit QueueStoreDecorator(QueueStore& inner) : inner_(inner) {}

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions) override {
    return inner_.Accept(submissions);
  }
  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override {
    return inner_.TakeDue(id, worker, lane, limit, lease);
  }
  absl::StatusOr<Claim> Resume(ClaimId id) override { return inner_.Resume(id); }
  absl::StatusOr<ClaimId> NextClaimId() override { return inner_.NextClaimId(); }
  absl::StatusOr<FlushResult> Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                    bool last) override {
    return inner_.Flush(id, outcomes, last);
  }
  absl::StatusOr<std::vector<ClaimId>> Extend(absl::Span<const ClaimId> ids,
                                              absl::Duration lease) override {
    return inner_.Extend(ids, lease);
  }
  absl::StatusOr<int> Release(ClaimId id) override { return inner_.Release(id); }
  absl::StatusOr<int> RecoverExpired() override { return inner_.RecoverExpired(); }
  absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) override {
    return inner_.NextDue(lanes);
  }
  absl::StatusOr<CancelResult> Cancel(MessageId id) override { return inner_.Cancel(id); }
  absl::Status CancelBatch(BatchId id) override { return inner_.CancelBatch(id); }
  absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) override {
    return inner_.CancellationsSince(cursor);
  }
  absl::Status Retry(MessageId id, std::string_view request_id) override {
    return inner_.Retry(id, request_id);
  }
  absl::Status SetPaused(Lane lane, bool paused, std::string_view detail) override {
    return inner_.SetPaused(lane, paused, detail);
  }
  absl::StatusOr<std::vector<LaneDepth>> Depths() override { return inner_.Depths(); }
  absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit) override {
    return inner_.InFlight(after, limit);
  }
  absl::StatusOr<int> Promote() override { return inner_.Promote(); }
  absl::Status FindOverlooked() override { return inner_.FindOverlooked(); }
  absl::Status Maintain() override { return inner_.Maintain(); }
  absl::StatusOr<Purged> Purge(absl::Time before, bool count_only) override {
    return inner_.Purge(before, count_only);
  }

 private:
  QueueStore& inner_;
};

}  // namespace lmsmail::dispatch
