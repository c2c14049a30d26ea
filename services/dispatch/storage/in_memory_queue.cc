#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/in_memory_store.h"
#include "services/dispatch/storage/shard_choice.h"

// The queue's way: accept, claim, flush. People's interventions and upkeep are in
// in_memory_control.cc, the log in in_memory_log.cc.
namespace lmsmail::dispatch {
namespace {

constexpr absl::Duration kNear = absl::Hours(24);
constexpr std::size_t kMostItems = 1000;

}  // namespace

absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> InMemoryStore::Accept(
    absl::Span<const Submission> submissions) {
  for (const Submission& submission : submissions) {
    if (submission.items.empty() || submission.items.size() > kMostItems) {
      return absl::InvalidArgumentError(fmt::format("a submission has 1 to {} items, not {}",
                                                    kMostItems, submission.items.size()));
    }
  }
  absl::MutexLock lock(&mutex_);
  std::vector<absl::StatusOr<Accepted>> accepted;
  for (const Submission& submission : submissions) accepted.push_back(AcceptOne(submission));
  return accepted;
}

absl::StatusOr<Accepted> InMemoryStore::AcceptOne(const Submission& submission) {
  const auto [request, is_new] = requests_.try_emplace({submission.request_id, submission.chunk});
  if (!is_new) {
    if (request->second.digest != submission.digest || request->second.batch != submission.batch) {
      return AlreadyExists(fmt::format("request_id \"{}\"", submission.request_id),
                           "was used before with another body");
    }
    Accepted replayed = request->second.accepted;
    replayed.replayed = true;
    for (Accepted::Item& item : replayed.items) item.duplicate = true;
    return replayed;
  }
  const absl::Time now = clock_.Now();
  Accepted accepted;
  if (submission.batch) accepted.batch = BatchOf(submission);
  const std::int64_t shard = sharded_ ? ShardFor(submission) : 0;
  const MessageId first = FirstIdOf(DayOf(std::max(submission.due_time, now))) | shard
                                                                                     << kShardShift;
  std::int64_t stored = 0;
  for (const Submission::Item& item : submission.items) {
    const MessageId id = first | next_number_++;
    const std::string& key =
        item.dedupe_key.empty() && !submission.batch ? submission.request_id : item.dedupe_key;
    if (!key.empty()) {
      const auto [known, key_is_new] = keys_.try_emplace(key, Key{id, now});
      if (!key_is_new) {
        accepted.items.push_back({.id = known->second.id, .duplicate = true});
        continue;
      }
    }
    Store(submission, item, id, accepted.batch);
    accepted.items.push_back({.id = id});
    if (!submission.batch) {
      const Mail& mail = entries_.at(id).mail;
      accepted.items.back().create_time = mail.create_time;
      accepted.items.back().due_time = mail.due_time;
    }
    ++stored;
  }
  if (submission.batch) batches_.at(accepted.batch).record.accepted += stored;
  request->second = {now, submission.digest, submission.batch, accepted};
  return accepted;
}

BatchId InMemoryStore::BatchOf(const Submission& submission) {
  for (const auto& [id, batch] : batches_) {
    if (batch.record.request_id == submission.request_id) return id;
  }
  const absl::Time now = clock_.Now();
  Batch batch;
  batch.record.id = next_batch_++;
  batch.record.request_id = submission.request_id;
  batch.record.template_ref = submission.template_ref;
  batch.record.max_per_second = submission.max_per_second;
  batch.record.create_time = now;
  batch.due = std::max(submission.due_time, now);
  return batches_.emplace(batch.record.id, batch).first->first;
}

void InMemoryStore::Store(const Submission& submission, const Submission::Item& item, MessageId id,
                          BatchId batch) {
  const absl::Time now = clock_.Now();
  Entry& entry = entries_[id];
  Mail& mail = entry.mail;
  mail.id = id;
  mail.batch = batch;
  mail.template_ref = submission.template_ref;
  mail.target = item.target;
  mail.lane = submission.lane;
  mail.context = item.context;
  if (submission.batch) {
    mail.shared_context = submission.shared_context;
    mail.batch_max_per_second = submission.max_per_second;
  }
  mail.language_code = submission.language_code;
  mail.transport = submission.transport;
  mail.labels = submission.labels;
  mail.request_id =
      item.dedupe_key.empty() && !submission.batch ? submission.request_id : item.dedupe_key;
  mail.create_time = now;
  mail.due_time = std::max(submission.due_time, now);
  mail.expire_time = submission.expire_time;
  entry.far = mail.due_time >= now + kNear;
  if (!entry.far) Enqueue(entry, mail.due_time, {});
}

void InMemoryStore::Enqueue(const Entry& entry, absl::Time due, Waiting waiting) {
  queue_[entry.mail.lane][{std::max(due, clock_.Now()), entry.mail.id}] = waiting;
}

InMemoryStore::LaneQueue::iterator InMemoryStore::FindWaiting(const Entry& entry) {
  LaneQueue& lane = queue_[entry.mail.lane];
  return std::ranges::find_if(lane,
                              [&](const auto& row) { return row.first.second == entry.mail.id; });
}

ClaimedMail InMemoryStore::MakeClaimed(const Held& held) const {
  const Entry& entry = entries_.at(held.id);
  ClaimedMail claimed;
  claimed.mail = entry.mail;
  claimed.step = held.as.step;
  claimed.attempt = held.as.attempt;
  claimed.recovered = held.as.recovered;
  claimed.cancelled = entry.cancelled.has_value();
  if (const auto batch = batches_.find(entry.mail.batch);
      batch != batches_.end() && batch->second.cancelled) {
    if (entry.retries.empty() || entry.retries.back().time < *batch->second.cancelled) {
      claimed.cancelled = true;
    }
  }
  claimed.already_sent = FactsOf(entry).sent.has_value();
  return claimed;
}

std::optional<int> InMemoryStore::NextShard(Lane lane) {
  const absl::Time now = clock_.Now();
  const int next = next_shard_[lane];
  std::optional<int> best;
  const auto turns_until = [next](int shard) { return (shard - next + kShards) % kShards; };
  for (const auto& [key, waiting] : queue_[lane]) {
    if (key.first > now) break;
    const int shard = ShardOf(key.second);
    if (!best || turns_until(shard) < turns_until(*best)) best = shard;
    if (turns_until(*best) == 0) break;
  }
  return best;
}

absl::StatusOr<Claim> InMemoryStore::TakeDue(ClaimId id, std::string_view worker, Lane lane,
                                             int limit, absl::Duration lease) {
  absl::MutexLock lock(&mutex_);
  Claim claim;
  claim.id = id;
  claim.lane = lane;
  if (paused_.contains(lane)) return claim;
  const absl::Time now = clock_.Now();
  ClaimState state{.worker = std::string(worker), .lane = lane, .claimed = now};
  state.Extend(now, lease);
  const std::optional<int> shard = NextShard(lane);
  if (!shard) return claim;
  claim.shard = *shard;
  next_shard_[lane] = (*shard + 1) % kShards;
  LaneQueue& queue = queue_[lane];
  for (auto it = queue.begin(); it != queue.end() && it->first.first <= now &&
                                state.mails.size() < static_cast<std::size_t>(limit);) {
    if (ShardOf(it->first.second) != *shard) {
      ++it;
      continue;
    }
    state.mails.push_back({it->first.second, it->second});
    it = queue.erase(it);
  }
  for (const Held& held : state.mails) claim.mails.push_back(MakeClaimed(held));
  claims_.emplace(id, std::move(state));
  return claim;
}

absl::StatusOr<Claim> InMemoryStore::Resume(ClaimId id) {
  absl::MutexLock lock(&mutex_);
  Claim claim;
  claim.id = id;
  const auto found = claims_.find(id);
  if (found == claims_.end()) return claim;
  claim.lane = found->second.lane;
  claim.shard = ShardOf(found->second.mails.front().id);
  for (const Held& held : found->second.mails) {
    if (entries_.at(held.id).outcomes.contains(held.as.step)) continue;
    claim.mails.push_back(MakeClaimed(held));
  }
  return claim;
}

absl::StatusOr<ClaimId> InMemoryStore::NextClaimId() {
  absl::MutexLock lock(&mutex_);
  return next_claim_++;
}

const RecordedOutcome* InMemoryStore::FinalOf(const Entry& entry) {
  for (const auto& [step, recorded] : entry.outcomes) {
    if (recorded.outcome.kind == Outcome::Kind::kSent) return &recorded;
  }
  if (entry.outcomes.empty()) return nullptr;
  const auto& [step, latest] = *entry.outcomes.rbegin();
  if (!IsFinal(latest.outcome.kind)) return nullptr;
  if (!entry.retries.empty() && entry.retries.back().step > step) return nullptr;
  return &latest;
}

void InMemoryStore::Count(const Entry& entry, absl::Time time, Outcome::Kind kind, Reason reason,
                          std::int64_t count) {
  tallies_.push_back({time, entry.mail.lane, entry.mail.batch, entry.mail.template_ref.key, count,
                      std::pair(kind, reason)});
}

bool InMemoryStore::Record(const Outcome& outcome, bool live) {
  const auto found = entries_.find(outcome.id);
  if (found == entries_.end()) return false;
  Entry& entry = found->second;
  if (entry.outcomes.contains(outcome.step)) return false;
  const absl::Time now = clock_.Now();
  const RecordedOutcome* before = FinalOf(entry);
  const bool sent_before = before && before->outcome.kind == Outcome::Kind::kSent;
  if (!live && before && !sent_before) {
    Count(entry, before->time, before->outcome.kind, before->outcome.reason, -1);
  }
  RecordedOutcome& recorded = entry.outcomes[outcome.step] = {outcome, now};
  if (!IsFinal(outcome.kind)) {
    recorded.outcome.retry_time = std::max(outcome.retry_time, now);
    Enqueue(entry, outcome.retry_time, {outcome.step + 1, outcome.attempt, false});
  } else if (!sent_before) {
    Count(entry, now, outcome.kind, outcome.reason, 1);
  }
  return true;
}

absl::StatusOr<FlushResult> InMemoryStore::Flush(ClaimId id, absl::Span<const Outcome> outcomes,
                                                 bool last) {
  absl::MutexLock lock(&mutex_);
  FlushResult result;
  result.live = claims_.contains(id);
  for (const Outcome& outcome : outcomes) {
    if (!result.live && outcome.kind != Outcome::Kind::kSent) continue;
    if (Record(outcome, result.live)) ++result.recorded;
  }
  if (result.live && last) claims_.erase(id);
  return result;
}

absl::StatusOr<std::vector<ClaimId>> InMemoryStore::Extend(absl::Span<const ClaimId> ids,
                                                           absl::Duration lease) {
  absl::MutexLock lock(&mutex_);
  std::vector<ClaimId> held;
  for (const ClaimId id : ids) {
    const auto found = claims_.find(id);
    if (found == claims_.end()) continue;
    found->second.Extend(clock_.Now(), lease);
    held.push_back(id);
  }
  return held;
}

int InMemoryStore::EndClaim(ClaimId id, bool recovered) {
  const auto found = claims_.find(id);
  if (found == claims_.end()) return 0;
  int count = 0;
  for (Held held : found->second.mails) {
    const Entry& entry = entries_.at(held.id);
    if (entry.outcomes.contains(held.as.step)) continue;
    if (recovered) {
      ++held.as.step;
      held.as.recovered = true;
    }
    Enqueue(entry, clock_.Now(), held.as);
    ++count;
  }
  claims_.erase(found);
  return count;
}

absl::StatusOr<int> InMemoryStore::Release(ClaimId id) {
  absl::MutexLock lock(&mutex_);
  return EndClaim(id, /*recovered=*/false);
}

absl::StatusOr<int> InMemoryStore::RecoverExpired() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  std::vector<ClaimId> expired;
  for (auto& [id, claim] : claims_) {
    if (now <= claim.renew_by) continue;
    if (!claim.missed_time) claim.missed_time = now;
    const absl::Time spared_until = *claim.missed_time + (claim.lease_until - claim.renew_by);
    if (claim.lease_until < now && spared_until < now) expired.push_back(id);
  }
  int count = 0;
  for (const ClaimId id : expired) count += EndClaim(id, /*recovered=*/true);
  return count;
}

}  // namespace lmsmail::dispatch
