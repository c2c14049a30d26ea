#include "services/dispatch/claiming/open_claims.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace lmsmail::dispatch {

void OpenClaims::Open(const Claim& claim, absl::Time usable_until) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = claims_[claim.id];
  entry.pending = static_cast<int>(claim.mails.size());
  entry.usable_until = usable_until;
}

bool OpenClaims::Usable(ClaimId id, absl::Time now) const {
  absl::MutexLock lock(&mutex_);
  const auto it = claims_.find(id);
  return it != claims_.end() && !it->second.lost && now < it->second.usable_until;
}

std::vector<ClaimId> OpenClaims::Ids() const {
  absl::MutexLock lock(&mutex_);
  std::vector<ClaimId> ids;
  ids.reserve(claims_.size());
  for (const auto& [id, entry] : claims_) {
    if (!entry.lost) ids.push_back(id);
  }
  return ids;
}

void OpenClaims::Extended(absl::Span<const ClaimId> asked, absl::Span<const ClaimId> held,
                          absl::Time usable_until) {
  absl::MutexLock lock(&mutex_);
  for (const ClaimId id : asked) {
    const auto it = claims_.find(id);
    if (it == claims_.end()) continue;
    if (std::find(held.begin(), held.end(), id) != held.end()) {
      it->second.usable_until = usable_until;
    } else {
      it->second.lost = true;
    }
  }
}

void OpenClaims::Record(ClaimId id, Outcome outcome) {
  absl::MutexLock lock(&mutex_);
  Entry& entry = claims_.at(id);
  entry.outcomes.push_back(std::move(outcome));
  ++unrecorded_;
  Settle(entry, 1);
}

void OpenClaims::Release(ClaimId id, int mails) {
  if (mails == 0) return;
  absl::MutexLock lock(&mutex_);
  Entry& entry = claims_.at(id);
  entry.release_rest = true;
  Settle(entry, mails);
}

void OpenClaims::MarkRecorded(ClaimId id, int mails) {
  if (mails == 0) return;
  absl::MutexLock lock(&mutex_);
  Settle(claims_.at(id), mails);
}

void OpenClaims::Settle(Entry& entry, int mails) {
  entry.pending -= mails;
  if (entry.pending == 0) ++ended_;
}

std::vector<OpenClaims::Job> OpenClaims::TakeJobs() {
  absl::MutexLock lock(&mutex_);
  std::vector<Job> jobs;
  for (auto& [id, entry] : claims_) {
    const bool last = entry.pending == 0;
    if (entry.taken || (entry.outcomes.empty() && !last)) continue;
    entry.taken = true;
    if (last) --ended_;
    unrecorded_ -= static_cast<int>(entry.outcomes.size());
    jobs.push_back({id, std::move(entry.outcomes), last, entry.release_rest});
    entry.outcomes.clear();
  }
  return jobs;
}

void OpenClaims::Finish(const Job& job) {
  absl::MutexLock lock(&mutex_);
  const auto it = claims_.find(job.id);
  if (it == claims_.end()) return;
  if (job.last) {
    claims_.erase(it);
  } else {
    it->second.taken = false;
  }
}

void OpenClaims::Requeue(Job job) {
  absl::MutexLock lock(&mutex_);
  const auto it = claims_.find(job.id);
  if (it == claims_.end()) return;
  Entry& entry = it->second;
  entry.taken = false;
  if (job.last) ++ended_;
  unrecorded_ += static_cast<int>(job.outcomes.size());
  job.outcomes.insert(job.outcomes.end(), std::make_move_iterator(entry.outcomes.begin()),
                      std::make_move_iterator(entry.outcomes.end()));
  entry.outcomes = std::move(job.outcomes);
}

bool OpenClaims::WaitForWork(absl::Duration timeout) const {
  const auto work = [this] { return unrecorded_ > 0 || ended_ > 0; };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&work), timeout);
}

void OpenClaims::WaitForOutcomes(int outcomes, absl::Duration timeout) const {
  const auto enough = [this, outcomes] { return unrecorded_ >= outcomes; };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&enough), timeout);
}

bool OpenClaims::WaitUntilEmpty(absl::Duration timeout) const {
  const auto empty = [this] { return claims_.empty(); };
  absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithTimeout(absl::Condition(&empty), timeout);
}

int OpenClaims::unrecorded() const {
  absl::MutexLock lock(&mutex_);
  return unrecorded_;
}

}  // namespace lmsmail::dispatch
