#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "libs/clock/clock.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Queue and log without a database: for tests, and the oracle that the PostgreSQL stores are
// compared with. Everything is exact; nothing survives the process. Thread-safe.
class InMemoryStore final : public QueueStore, public MessageLog {
 public:
  // Whether mail is spread over shards, or one claim takes whatever is due in its lane.
  enum class Shards { kOne, kMany };
  // `clock` outlives the store.
  explicit InMemoryStore(const Clock& clock, Shards shards = Shards::kOne)
      : sharded_(shards == Shards::kMany), clock_(clock) {}

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions) override;
  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override;
  absl::StatusOr<Claim> Resume(ClaimId id) override;
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
  absl::Status FindOverlooked() override { return absl::OkStatus(); }  // claims see all there is
  absl::Status Maintain() override;
  absl::StatusOr<Purged> Purge(absl::Time before, bool count_only) override;

  absl::StatusOr<MessageId> FindByKey(std::string_view key) override;
  absl::StatusOr<std::optional<KnownRequest>> FindRequest(std::string_view request_id) override;
  absl::StatusOr<MessageRecord> Get(MessageId id) override;
  absl::StatusOr<History> Explain(MessageId id) override;
  absl::StatusOr<Page> List(const MessageFilter& filter, MessageId before, int limit) override;
  absl::StatusOr<BatchRecord> GetBatch(BatchId id) override;
  absl::StatusOr<EventCounts> RecordEvents(absl::Span<const ProviderEvent> events) override;
  absl::StatusOr<std::vector<AddressReport>> AddressReports(absl::Time since) override;
  absl::StatusOr<std::vector<DayStats>> Stats(absl::Time start, absl::Time end,
                                              std::string_view template_key) override;
  absl::StatusOr<Recent> RecentOutcomes() override;

 private:
  struct Retried {
    int step;
    absl::Time time;
    std::string request_id;
  };
  struct Entry {
    Mail mail;
    bool far = false;
    std::optional<absl::Time> cancelled;
    std::map<int, RecordedOutcome> outcomes;  // by step
    std::vector<Retried> retries;
    std::map<std::string, History::Event, std::less<>> events;  // by event id
  };
  struct Waiting {
    int step = 1;
    int attempt = 0;
    bool recovered = false;
  };
  struct Held {
    MessageId id;
    Waiting as;
  };
  struct ClaimState {
    std::string worker;
    Lane lane;
    absl::Time claimed;
    absl::Time lease_until = {};
    absl::Time renew_by = {};                    // half the lease
    std::optional<absl::Time> missed_time = {};  // when a sweep first saw that it was not extended
    std::vector<Held> mails = {};

    void Extend(absl::Time now, absl::Duration lease) {
      lease_until = now + lease;
      renew_by = now + lease / 2;
      missed_time.reset();
    }
  };
  struct Request {
    absl::Time time;
    std::int64_t digest;
    bool batch;
    Accepted accepted;
  };
  struct Batch {
    BatchRecord record;
    absl::Time due;
    std::optional<absl::Time> cancelled;
  };
  struct Key {
    MessageId id;
    absl::Time time;
  };
  struct Cancellation {
    absl::Time time;
    MessageId message = 0;
    BatchId batch = 0;
  };
  struct Tally {
    absl::Time time;
    Lane lane;
    BatchId batch;
    std::string template_key;
    std::int64_t count;
    std::optional<std::pair<Outcome::Kind, Reason>> outcome;
    std::int16_t event = 0;  // its type, where there is no outcome
  };
  using LaneQueue = std::map<std::pair<absl::Time, MessageId>, Waiting>;

  absl::StatusOr<Accepted> AcceptOne(const Submission& submission)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  BatchId BatchOf(const Submission& submission) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Store(const Submission& submission, const Submission::Item& item, MessageId id,
             BatchId batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Enqueue(const Entry& entry, absl::Time due, Waiting waiting)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Where it waits, or the lane's end.
  LaneQueue::iterator FindWaiting(const Entry& entry) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  ClaimedMail MakeClaimed(const Held& held) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  int EndClaim(ClaimId id, bool recovered) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Record(const Outcome& outcome, bool live) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Count(const Entry& entry, absl::Time time, Outcome::Kind kind, Reason reason,
             std::int64_t count) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What reports about a mail say, if it is uncertain.
  void ResolveUncertain(Entry& entry, bool arrived) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // The outcome that ended the mail; null while it is open.
  static const RecordedOutcome* FinalOf(const Entry& entry);
  MessageFacts FactsOf(const Entry& entry) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  MessageRecord RecordOf(const Entry& entry) const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  bool Matches(const MessageFilter& filter, const Entry& entry) const
      ABSL_SHARED_LOCKS_REQUIRED(mutex_);

  // The first shard from `lane`'s next on that has due mail; nullopt if none has.
  std::optional<int> NextShard(Lane lane) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const bool sharded_;
  const Clock& clock_;

  mutable absl::Mutex mutex_;
  std::int64_t next_number_ ABSL_GUARDED_BY(mutex_) = 1;
  BatchId next_batch_ ABSL_GUARDED_BY(mutex_) = 1;
  ClaimId next_claim_ ABSL_GUARDED_BY(mutex_) = 1;
  std::map<MessageId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<Lane, LaneQueue> queue_ ABSL_GUARDED_BY(mutex_);
  std::map<Lane, int> next_shard_ ABSL_GUARDED_BY(mutex_);      // round robin
  std::map<Lane, std::string> paused_ ABSL_GUARDED_BY(mutex_);  // why
  std::map<ClaimId, ClaimState> claims_ ABSL_GUARDED_BY(mutex_);
  std::map<BatchId, Batch> batches_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, int>, Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, Key, std::less<>> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<std::int64_t, Cancellation> cancellations_ ABSL_GUARDED_BY(mutex_);
  std::int64_t next_cancellation_ ABSL_GUARDED_BY(mutex_) = 1;
  std::vector<Tally> tallies_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
