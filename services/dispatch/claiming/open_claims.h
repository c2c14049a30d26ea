#pragma once

#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// The claims of this process, from claiming to the last recorded outcome, with the outcomes that
// are not recorded yet. Shared by senders, which produce outcomes, the flusher, which records them,
// and the lease keeper. Thread-safe.
class OpenClaims {
 public:
  // From `usable_until` on, no mail of the claim is handed over, because another worker may claim
  // it.
  void Open(const Claim& claim, absl::Time usable_until);

  bool Usable(ClaimId id, absl::Time now) const;
  std::vector<ClaimId> Ids() const;
  // Of the `asked` claims, those `held` stay usable until `usable_until`; the others are lost.
  void Extended(absl::Span<const ClaimId> asked, absl::Span<const ClaimId> held,
                absl::Time usable_until);

  // Every mail of an open claim is settled exactly once, by one of these.
  void Record(ClaimId id, Outcome outcome);
  void Release(ClaimId id, int mails);       // not sent: another worker may
  void MarkRecorded(ClaimId id, int mails);  // the outcome is recorded already

  // Outcomes of one claim to record.
  struct Job {
    ClaimId id = 0;
    std::vector<Outcome> outcomes;
    bool last = false;          // every mail is settled
    bool release_rest = false;  // with the last job: release the mails without an outcome
  };
  // Takes all pending outcomes.
  std::vector<Job> TakeJobs();
  // The job is recorded. The last job of a claim closes it.
  void Finish(const Job& job);
  // The job could not be recorded; TakeJobs returns it again.
  void Requeue(Job job);

  // Waits up to `timeout` until an outcome is unrecorded or a claim is settled.
  bool WaitForWork(absl::Duration timeout) const;
  // Waits up to `timeout` until `outcomes` are unrecorded.
  void WaitForOutcomes(int outcomes, absl::Duration timeout) const;
  // Returns whether no claim is open.
  bool WaitUntilEmpty(absl::Duration timeout) const;

  int unrecorded() const;

 private:
  struct Entry {
    int pending = 0;  // mails that are not settled
    bool release_rest = false;
    bool taken = false;  // by TakeJobs
    bool lost = false;
    absl::Time usable_until;
    std::vector<Outcome> outcomes;
  };
  void Settle(Entry& entry, int mails) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<ClaimId, Entry> claims_ ABSL_GUARDED_BY(mutex_);
  int unrecorded_ ABSL_GUARDED_BY(mutex_) = 0;
  int ended_ ABSL_GUARDED_BY(mutex_) = 0;  // claims without pending mails
};

}  // namespace lmsmail::dispatch
