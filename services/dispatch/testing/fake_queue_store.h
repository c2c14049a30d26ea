#pragma once

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

#include "libs/clock/clock.h"
#include "libs/identity/owned_key.h"
#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/message_log.h"
#include "services/dispatch/storage/message_state.h"
#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// A queue, with no more rules than the tests of their users need. What a real store
// must do is tested with PgQueueStore. Tests override functions that are to fail. Thread-safe.
class FakeQueueStore : public QueueStore {
 public:
  // `clock` outlives this.
  explicit FakeQueueStore(const Clock& clock) : clock_(clock) {}

  std::string database_id = "fake";
  // Flush returns its error. Set it before threads use the store.
  std::function<absl::Status(absl::Span<const Outcome>)> on_flush;
  // Called once by TakeDue after it claimed; its error is the answer.
  std::function<absl::Status()> on_claimed;
  int OutcomeCount(MessageId id) {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(entries_.at(id).history.outcomes.size());
  }
  MessageRecord Get(MessageId id) {
    absl::MutexLock lock(&mutex_);
    return RecordOf(entries_.at(id));
  }
  // The latest deadline that any function was called with, also of its FakeMessageLog.
  absl::Time latest_deadline() const {
    absl::MutexLock lock(&deadline_mutex_);
    return latest_deadline_;
  }
  int WaitingCount() { return Count(&IsWaiting); }
  int InFlightCount() {
    return Count([](const Entry& entry) { return entry.claim != 0; });
  }

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions, absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    std::vector<absl::StatusOr<Accepted>> results;
    for (const Submission& submission : submissions) results.push_back(AcceptOne(submission));
    return results;
  }

  absl::StatusOr<Claim> TakeDue(ClaimId id, std::string_view worker, Lane lane, int limit,
                                absl::Duration lease) override {
    absl::MutexLock lock(&mutex_);
    Claim claim{.id = id, .lane = lane, .shard = 0, .mails = {}};
    for (auto& [message, entry] : entries_) {
      if (static_cast<int>(claim.mails.size()) == limit || paused_.contains(lane)) break;
      if (!IsWaiting(entry) || entry.next.mail.lane != lane || entry.due > clock_.Now()) continue;
      entry.claim = id;
      const BatchId batch = entry.next.mail.batch;
      entry.next.cancelled = entry.facts.cancelled || (batch != 0 && batches_.at(batch).cancelled);
      claim.mails.push_back(entry.next);
    }
    const int count = static_cast<int>(claim.mails.size());
    const absl::Time now = clock_.Now();
    if (count > 0) claims_[id] = {id, std::string(worker), lane, now, now + lease, count, {}};
    if (const auto lose = std::exchange(on_claimed, nullptr)) {
      if (absl::Status status = lose(); !status.ok()) return status;
    }
    return claim;
  }
  absl::StatusOr<Claim> Resume(ClaimId id, absl::Duration lease) override {
    absl::MutexLock lock(&mutex_);
    Claim claim{.id = id, .lane = Lane::kTransactional, .shard = 0, .mails = {}};
    if (!claims_.contains(id)) return claim;
    claim.lane = claims_[id].lane;
    claims_[id].lease_expire_time = clock_.Now() + lease;
    for (const auto& [message, entry] : entries_) {
      if (entry.claim == id) claim.mails.push_back(entry.next);
    }
    return claim;
  }
  absl::StatusOr<std::string> DatabaseId() override { return database_id; }
  absl::StatusOr<ClaimId> NextClaimId() override {
    absl::MutexLock lock(&mutex_);
    return ++last_claim_;
  }

  absl::StatusOr<FlushResult> Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                    bool last) override {
    if (on_flush) {
      if (absl::Status status = on_flush(outcomes); !status.ok()) return status;
    }
    absl::MutexLock lock(&mutex_);
    FlushResult result{.live = claims_.contains(id)};
    for (const Outcome& outcome : outcomes) {
      Entry& entry = entries_.at(outcome.id);
      const bool repeated = std::ranges::any_of(entry.history.outcomes, [&](const auto& recorded) {
        return recorded.outcome.delivery_count == outcome.delivery_count;
      });
      if (repeated || (!result.live && outcome.kind != Outcome::Kind::kSent)) continue;
      ++result.recorded;
      Record(entry, outcome);
    }
    if (last) {
      for (Entry* entry : EndClaim(id)) entry->ended = true;  // an earlier holder has sent it
    }
    return result;
  }
  absl::StatusOr<std::vector<ClaimId>> Extend(absl::Span<const ClaimId> ids,
                                              absl::Duration lease) override {
    absl::MutexLock lock(&mutex_);
    std::vector<ClaimId> held;
    for (const ClaimId id : ids) {
      if (!claims_.contains(id)) continue;
      claims_[id].lease_expire_time = clock_.Now() + lease;
      held.push_back(id);
    }
    return held;
  }
  absl::StatusOr<int> Release(ClaimId id) override {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(EndClaim(id).size());
  }
  absl::StatusOr<int> RecoverExpired(absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    int recovered = 0;
    for (const auto& [id, claim] : std::map(claims_)) {
      if (claim.lease_expire_time > clock_.Now()) continue;
      for (Entry* entry : EndClaim(id)) {
        ++entry->next.delivery_count;
        entry->next.recovered = true;
        ++recovered;
      }
    }
    return recovered;
  }
  absl::StatusOr<std::optional<absl::Time>> NextDue(absl::Span<const Lane> lanes) override {
    absl::MutexLock lock(&mutex_);
    std::optional<absl::Time> next;
    for (const auto& [id, entry] : entries_) {
      const Lane lane = entry.next.mail.lane;
      if (!IsWaiting(entry) || paused_.contains(lane) || !std::ranges::count(lanes, lane)) continue;
      next = std::min(next.value_or(entry.due), entry.due);
    }
    return next;
  }

  absl::StatusOr<CancelResult> Cancel(MessageId id, absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    Entry& entry = entries_.at(id);
    const auto& latest = entry.facts.latest;
    if (entry.ended && latest->outcome.kind == Outcome::Kind::kCancelled) {
      return CancelResult::kCancelled;
    }
    if (entry.ended) return CancelResult::kTooLate;
    if (entry.claim != 0) {
      entry.facts.cancelled = clock_.Now();
      cancelled_.push_back(id);
      return CancelResult::kRequested;
    }
    Outcome outcome;
    outcome.delivery_count = entry.next.delivery_count;
    outcome.kind = Outcome::Kind::kCancelled;
    Record(entry, outcome);
    return CancelResult::kCancelled;
  }
  absl::Status CancelBatch(BatchId id, absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    batches_.at(id).cancelled = true;
    return absl::OkStatus();
  }
  absl::StatusOr<Cancellations> CancellationsSince(std::int64_t cursor) override {
    absl::MutexLock lock(&mutex_);
    return Cancellations{static_cast<std::int64_t>(cancelled_.size()),
                         {cancelled_.begin() + cursor, cancelled_.end()},
                         {}};
  }
  absl::Status Retry(MessageId id, std::string_view request_id, absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    Entry& entry = entries_.at(id);
    const absl::Time now = clock_.Now();
    if (const Mail& mail = entry.next.mail; mail.content_drop_time) {
      return ContentDroppedError(id, mail.due_time, *mail.content_drop_time);
    }
    entry.history.retries.push_back({now, std::string(request_id)});
    entry.facts.retried = {entry.next.delivery_count, now, now};
    entry.ended = false;
    entry.due = now;
    return absl::OkStatus();
  }

  absl::StatusOr<std::int64_t> RetryRestored(absl::Span<const Category>,
                                             absl::Time deadline) override {
    NoteDeadline(deadline);
    return 0;
  }
  absl::Status SetPaused(Lane lane, bool paused, std::string_view detail,
                         absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    paused_.erase(lane);
    if (paused) paused_[lane] = std::string(detail);
    return absl::OkStatus();
  }
  absl::StatusOr<std::vector<LaneDepth>> Depths(absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    std::vector<LaneDepth> depths;
    for (const Lane lane : kLanes) {
      LaneDepth& depth = depths.emplace_back();
      depth.lane = lane;
      depth.paused = paused_.contains(lane);
      if (depth.paused) depth.pause_detail = paused_[lane];
      depth.due = std::ranges::count_if(entries_, [&](const auto& item) {
        return IsWaiting(item.second) && item.second.next.mail.lane == lane;
      });
    }
    return depths;
  }
  absl::StatusOr<std::vector<InFlightClaim>> InFlight(ClaimId after, int limit,
                                                      absl::Time deadline) override {
    NoteDeadline(deadline);
    absl::MutexLock lock(&mutex_);
    std::vector<InFlightClaim> claims;
    for (auto it = claims_.upper_bound(after); it != claims_.end(); ++it) {
      if (static_cast<int>(claims.size()) == limit) break;
      claims.push_back(it->second);
      for (const auto& [message, entry] : entries_) {
        if (entry.claim == it->first) claims.back().open.push_back(message);
      }
    }
    return claims;
  }
  absl::StatusOr<int> Promote(absl::Time deadline) override {
    NoteDeadline(deadline);
    return 0;
  }
  absl::Status FindOverlooked() override { return absl::OkStatus(); }
  absl::Status EnsurePartitions(absl::Time) override { return absl::OkStatus(); }
  absl::StatusOr<bool> ForgetKeys() override { return false; }
  absl::StatusOr<DroppedContent> DropContent(
      const std::map<Category, absl::Time>& before) override {
    absl::MutexLock lock(&mutex_);
    DroppedContent dropped;
    for (auto& [id, entry] : entries_) {
      Mail& mail = entry.next.mail;
      const auto limit = before.find(mail.template_ref.category);
      if (!entry.ended || mail.content_drop_time || limit == before.end()) continue;
      if (DayOf(mail.due_time) >= DayOf(limit->second)) continue;
      mail.content_drop_time = clock_.Now();
      mail.context.clear();
      mail.shared_context.clear();
      if (mail.target.kind == Target::Kind::kAddress) mail.target.value.clear();
      for (RecordedOutcome& recorded : entry.history.outcomes) {
        recorded.outcome.reply_text.clear();
        recorded.outcome.address_hash.clear();
      }
      for (auto* const recorded : {&entry.facts.latest, &entry.facts.sent}) {
        if (*recorded) (*recorded)->outcome.reply_text.clear();
      }
      for (History::Event& event : entry.history.events) event.detail.clear();
      ++dropped.mails;
    }
    return dropped;
  }
  absl::Status Maintain() override { return absl::OkStatus(); }
  void InterruptMaintenance() override {}
  absl::StatusOr<Purged> Purge(absl::Time, bool, absl::Time deadline) override {
    NoteDeadline(deadline);
    return Purged();
  }

 private:
  friend class FakeMessageLog;
  struct Entry {
    ClaimedMail next;   // as the next claim returns it
    absl::Time due;     // in the queue
    ClaimId claim = 0;  // 0: no worker holds it
    bool ended = false;
    MessageFacts facts;
    History history;  // but for its record
  };
  void NoteDeadline(absl::Time deadline) {
    absl::MutexLock lock(&deadline_mutex_);
    latest_deadline_ = std::max(latest_deadline_, deadline);
  }
  static bool IsWaiting(const Entry& entry) { return !entry.ended && entry.claim == 0; }

  template <typename Predicate>
  int Count(Predicate predicate) {
    absl::MutexLock lock(&mutex_);
    return static_cast<int>(
        std::ranges::count_if(entries_, [&](const auto& item) { return predicate(item.second); }));
  }

  absl::StatusOr<Accepted> AcceptOne(const Submission& submission)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::pair key(submission.request_id, submission.chunk);
    if (const auto known = requests_.find(key); known != requests_.end()) {
      if (known->second.first.digest != submission.digest) {
        return AlreadyExists(identity::SplitOwnedKey(submission.request_id).key,
                             "was used before with another body");
      }
      Accepted replayed = known->second.second;
      replayed.replayed = true;
      for (Accepted::Item& item : replayed.items) item.duplicate = true;
      return replayed;
    }
    Accepted accepted;
    if (submission.batch) accepted.batch = BatchOf(submission);
    for (const Submission::Item& item : submission.items) {
      accepted.items.push_back(AcceptItem(submission, item, accepted.batch));
    }
    requests_.emplace(key, std::pair(submission, accepted));
    return accepted;
  }
  BatchId BatchOf(const Submission& submission) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    for (const auto& [id, batch] : batches_) {
      if (batch.request_id == submission.request_id) return id;
    }
    const BatchId id = static_cast<BatchId>(batches_.size()) + 1;
    BatchRecord& batch = batches_[id];
    batch.id = id;
    batch.request_id = submission.request_id;
    batch.template_ref = submission.template_ref;
    batch.max_per_second = submission.max_per_second;
    return id;
  }
  Accepted::Item AcceptItem(const Submission& submission, const Submission::Item& item,
                            BatchId batch) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::string& key =
        item.dedupe_key.empty() && batch == 0 ? submission.request_id : item.dedupe_key;
    if (!key.empty() && keys_.contains(key)) return {.id = keys_[key], .duplicate = true};
    const absl::Time now = clock_.Now();
    const absl::Time due = std::max(submission.due_time, now);
    const MessageId id = FirstIdOf(DayOf(now)) + static_cast<MessageId>(entries_.size()) + 1;
    Entry& entry = entries_[id];
    entry.due = due;
    entry.next.delivery_count = 1;
    entry.next.mail = {.id = id,
                       .batch = batch,
                       .template_ref = submission.template_ref,
                       .target = item.target,
                       .lane = submission.lane,
                       .context = item.context,
                       .shared_context = submission.shared_context,
                       .language_code = submission.language_code,
                       .transport = submission.transport,
                       .labels = submission.labels,
                       .batch_max_per_second = submission.max_per_second,
                       .key = key,
                       .sender = std::string(identity::SplitOwnedKey(submission.request_id).owner),
                       .traceparent = submission.traceparent,
                       .create_time = now,
                       .due_time = due,
                       .expire_time = submission.expire_time,
                       .deferral_time = {},
                       .content_drop_time = {}};
    if (!key.empty()) keys_[key] = id;
    if (batch != 0) ++batches_[batch].accepted;
    return {.id = id, .create_time = now, .due_time = due};
  }

  void Record(Entry& entry, const Outcome& outcome) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    entry.facts.latest = entry.history.outcomes.emplace_back(outcome, clock_.Now());
    if (outcome.kind == Outcome::Kind::kSent) entry.facts.sent = entry.facts.latest;
    entry.next.already_sent = entry.facts.sent.has_value();
    if (outcome.delivery_count != entry.next.delivery_count) return;  // of a holder that lost it
    entry.claim = 0;
    const bool handed_over = std::ranges::any_of(
        entry.history.outcomes,
        [](const RecordedOutcome& recorded) { return !recorded.outcome.content_hash.empty(); });
    if (outcome.kind == Outcome::Kind::kDeferred && !handed_over) {
      entry.next.mail.deferral_time = outcome.retry_time;
    }
    entry.ended = IsFinal(outcome.kind);
    entry.due = std::max(outcome.retry_time, clock_.Now());
    ++entry.next.delivery_count;
    entry.next.attempt = outcome.attempt;
    if (outcome.kind == Outcome::Kind::kDeferred) {
      entry.next.sender_rejections +=
          outcome.reason == Reason::kSenderRejected && outcome.reply_code != 0 ? 1 : 0;
      if (outcome.reason == Reason::kConnectionLostAfterData) {
        ++entry.next.resends;
        entry.next.uncertain_transport = outcome.transport;
      }
    }
    entry.next.returned_by = GaveBack(outcome) ? outcome.transport : "";
    entry.next.recovered = false;
  }
  static bool GaveBack(const Outcome& outcome) {
    return outcome.reason == Reason::kUnreachable || outcome.reason == Reason::kRateLimited ||
           (outcome.reason == Reason::kSenderRejected && outcome.reply_code == 0);
  }
  // Returns what the claim held.
  std::vector<Entry*> EndClaim(ClaimId id) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    claims_.erase(id);
    std::vector<Entry*> held;
    for (auto& [message, entry] : entries_) {
      if (entry.claim != id) continue;
      entry.claim = 0;
      held.push_back(&entry);
    }
    return held;
  }
  MessageRecord RecordOf(const Entry& entry) const {
    MessageFacts facts = entry.facts;
    if (entry.claim != 0) facts.held_delivery_count = entry.next.delivery_count;
    return MakeRecord(entry.next.mail, facts, clock_.Now());
  }

  const Clock& clock_;
  absl::Mutex mutex_;
  std::map<MessageId, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::map<std::pair<std::string, int>, std::pair<Submission, Accepted>> requests_
      ABSL_GUARDED_BY(mutex_);  // by id and chunk
  std::map<std::string, MessageId, std::less<>> keys_ ABSL_GUARDED_BY(mutex_);
  std::map<BatchId, BatchRecord> batches_ ABSL_GUARDED_BY(mutex_);
  std::map<ClaimId, InFlightClaim> claims_ ABSL_GUARDED_BY(mutex_);
  std::map<Lane, std::string> paused_ ABSL_GUARDED_BY(mutex_);  // with the detail
  std::vector<MessageId> cancelled_ ABSL_GUARDED_BY(mutex_);
  ClaimId last_claim_ ABSL_GUARDED_BY(mutex_) = 0;

  mutable absl::Mutex deadline_mutex_;
  absl::Time latest_deadline_ ABSL_GUARDED_BY(deadline_mutex_) = absl::InfinitePast();
};

}  // namespace lmsmail::dispatch
