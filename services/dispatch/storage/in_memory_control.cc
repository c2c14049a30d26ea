#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "libs/status/error_details.h"
#include "services/dispatch/message/message_id.h"
#include "services/dispatch/storage/in_memory_store.h"

namespace lmsmail::dispatch {
namespace {

Outcome Cancelled(MessageId id, int step, int attempt) {
  Outcome outcome;
  outcome.id = id;
  outcome.step = step;
  outcome.attempt = attempt;
  outcome.kind = Outcome::Kind::kCancelled;
  outcome.reason = Reason::kCancelled;
  return outcome;
}

absl::Status NotRetryable() {
  return absl::FailedPreconditionError(
      "only a mail that ended without being sent can be tried again");
}

}  // namespace

absl::StatusOr<std::optional<absl::Time>> InMemoryStore::NextDue(absl::Span<const Lane> lanes) {
  absl::MutexLock lock(&mutex_);
  std::optional<absl::Time> next;
  const auto consider = [&](Lane lane, absl::Time due) {
    const bool asked = std::find(lanes.begin(), lanes.end(), lane) != lanes.end();
    if (asked && !paused_.contains(lane)) next = next ? std::min(*next, due) : due;
  };
  for (const auto& [lane, queue] : queue_) {
    if (!queue.empty()) consider(lane, queue.begin()->first.first);
  }
  for (const auto& [id, entry] : entries_) {
    if (entry.far && !entry.cancelled) consider(entry.mail.lane, entry.mail.due_time);
  }
  return next;
}

absl::StatusOr<CancelResult> InMemoryStore::Cancel(MessageId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return CancelResult::kNotFound;
  Entry& entry = found->second;
  const absl::Time now = clock_.Now();
  const auto ask = [&] {
    if (entry.cancelled) return false;
    entry.cancelled = now;
    cancellations_[next_cancellation_++] = {now, id, 0};
    return true;
  };
  if (entry.far) {
    if (ask()) Count(entry, now, Outcome::Kind::kCancelled, Reason::kCancelled, 1);
    return CancelResult::kCancelled;
  }
  if (const auto waiting = FindWaiting(entry); waiting != queue_[entry.mail.lane].end()) {
    const Outcome outcome = Cancelled(id, waiting->second.step, waiting->second.attempt);
    queue_[entry.mail.lane].erase(waiting);
    Record(outcome, /*live=*/true);
    return CancelResult::kCancelled;
  }
  if (const RecordedOutcome* outcome = FinalOf(entry)) {
    return outcome->outcome.kind == Outcome::Kind::kCancelled ? CancelResult::kCancelled
                                                              : CancelResult::kTooLate;
  }
  ask();
  return CancelResult::kRequested;
}

absl::Status InMemoryStore::CancelBatch(BatchId id) {
  absl::MutexLock lock(&mutex_);
  const auto found = batches_.find(id);
  if (found == batches_.end()) return NotFound(fmt::format("batches/{}", id));
  if (found->second.cancelled) return absl::OkStatus();
  found->second.cancelled = clock_.Now();
  found->second.record.cancelled = true;
  cancellations_[next_cancellation_++] = {clock_.Now(), 0, id};
  return absl::OkStatus();
}

absl::StatusOr<Cancellations> InMemoryStore::CancellationsSince(std::int64_t cursor) {
  absl::MutexLock lock(&mutex_);
  Cancellations result;
  result.cursor = cursor;
  for (const auto& [number, cancellation] : cancellations_) {
    if (number <= cursor) continue;
    if (cursor == 0 && cancellation.time <= clock_.Now() - absl::Hours(1)) continue;
    result.cursor = number;
    if (cancellation.batch != 0) {
      result.batches.push_back(cancellation.batch);
    } else {
      result.messages.push_back(cancellation.message);
    }
  }
  return result;
}

absl::Status InMemoryStore::Retry(MessageId id, std::string_view request_id) {
  absl::MutexLock lock(&mutex_);
  const auto found = entries_.find(id);
  if (found == entries_.end()) return NotFound(fmt::format("messages/{}", id));
  Entry& entry = found->second;
  for (const Retried& retried : entry.retries) {
    if (retried.request_id == request_id) return absl::OkStatus();
  }
  const absl::Time now = clock_.Now();
  if (entry.far) {
    if (!entry.cancelled) return NotRetryable();
    Count(entry, *entry.cancelled, Outcome::Kind::kCancelled, Reason::kCancelled, -1);
    entry.retries.push_back({1, now, std::string(request_id)});
  } else {
    const RecordedOutcome* outcome = FinalOf(entry);
    if (!outcome || outcome->outcome.kind == Outcome::Kind::kSent) return NotRetryable();
    const Outcome& last = outcome->outcome;
    Count(entry, outcome->time, last.kind, last.reason, -1);
    Enqueue(entry, now, {last.step + 1, last.attempt, false});
    entry.retries.push_back({last.step + 1, now, std::string(request_id)});
  }
  entry.cancelled.reset();
  std::erase_if(cancellations_, [&](const auto& c) { return c.second.message == id; });
  return absl::OkStatus();
}

absl::Status InMemoryStore::SetPaused(Lane lane, bool paused, std::string_view detail) {
  absl::MutexLock lock(&mutex_);
  if (paused) {
    paused_[lane] = std::string(detail);
  } else {
    paused_.erase(lane);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<LaneDepth>> InMemoryStore::Depths() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  std::vector<LaneDepth> depths;
  for (const Lane lane : kLanes) {
    LaneDepth& depth = depths.emplace_back();
    depth.lane = lane;
    if (const auto paused = paused_.find(lane); paused != paused_.end()) {
      depth.paused = true;
      depth.pause_detail = paused->second;
    }
    for (const auto& [key, waiting] : queue_[lane]) {
      if (key.first > now) {
        ++depth.waiting;
        continue;
      }
      if (depth.due++ == 0) depth.oldest_due = key.first;
    }
  }
  for (const auto& [id, entry] : entries_) {
    if (entry.far) ++depths[static_cast<std::size_t>(entry.mail.lane) - 1].scheduled;
  }
  for (const auto& [id, claim] : claims_) {
    depths[static_cast<std::size_t>(claim.lane) - 1].in_flight +=
        static_cast<std::int64_t>(claim.mails.size());
  }
  return depths;
}

absl::StatusOr<std::vector<InFlightClaim>> InMemoryStore::InFlight(ClaimId after, int limit) {
  constexpr std::size_t kMostOpen = 100;
  absl::MutexLock lock(&mutex_);
  std::vector<InFlightClaim> claims;
  for (auto it = claims_.upper_bound(after);
       it != claims_.end() && claims.size() < static_cast<std::size_t>(limit); ++it) {
    const ClaimState& state = it->second;
    InFlightClaim& claim = claims.emplace_back(InFlightClaim{it->first,
                                                             state.worker,
                                                             state.lane,
                                                             state.claimed,
                                                             state.lease_until,
                                                             static_cast<int>(state.mails.size()),
                                                             {}});
    for (const Held& held : state.mails) {
      if (claim.open.size() == kMostOpen) break;
      if (!entries_.at(held.id).outcomes.contains(held.as.step)) claim.open.push_back(held.id);
    }
  }
  return claims;
}

absl::StatusOr<int> InMemoryStore::Promote() {
  absl::MutexLock lock(&mutex_);
  const absl::Time until = clock_.Now() + absl::Hours(24);
  int promoted = 0;
  for (auto& [id, entry] : entries_) {
    if (!entry.far || entry.mail.due_time >= until) continue;
    entry.far = false;
    entry.mail.due_time = std::max(entry.mail.due_time, clock_.Now());
    ++promoted;
    if (!entry.cancelled) {
      Enqueue(entry, entry.mail.due_time, {});
      continue;
    }
    // Counted when it was cancelled.
    entry.outcomes[1] = {Cancelled(id, /*step=*/1, /*attempt=*/0), *entry.cancelled};
  }
  return promoted;
}

absl::Status InMemoryStore::Maintain() {
  absl::MutexLock lock(&mutex_);
  const absl::Time now = clock_.Now();
  const absl::Time old = now - absl::Hours(24 * 30);
  std::erase_if(requests_, [&](const auto& r) { return r.second.time < old; });
  std::erase_if(keys_, [&](const auto& k) { return k.second.time < old; });
  const absl::Time oldest = now - absl::Hours(24 * 400);
  std::erase_if(cancellations_, [&](const auto& c) { return c.second.time < oldest; });
  std::erase_if(tallies_, [&](const Tally& t) { return t.time < oldest; });
  return absl::OkStatus();
}

absl::StatusOr<QueueStore::Purged> InMemoryStore::Purge(absl::Time before, bool count_only) {
  absl::MutexLock lock(&mutex_);
  std::set<std::int64_t> old;
  for (const auto& [id, entry] : entries_) {
    if (!entry.far && DayOf(id) < DayOf(before)) old.insert(DayOf(id));
  }
  std::set<std::int64_t> waiting;
  for (const auto& [lane, queue] : queue_) {
    for (const auto& [key, row] : queue) waiting.insert(DayOf(key.second));
  }
  for (const auto& [id, claim] : claims_) {
    for (const Held& held : claim.mails) waiting.insert(DayOf(held.id));
  }
  Purged purged;
  for (const std::int64_t day : old) {
    if (waiting.contains(day)) {
      ++purged.kept_days;
      continue;
    }
    ++purged.dropped_days;
    if (count_only) continue;
    entries_.erase(entries_.lower_bound(FirstIdOf(day)), entries_.lower_bound(FirstIdOf(day + 1)));
  }
  if (!count_only && purged.kept_days == 0) {
    std::erase_if(batches_, [&](const auto& b) { return b.second.due < before - absl::Hours(48); });
  }
  return purged;
}

}  // namespace lmsmail::dispatch
