#pragma once

#include <map>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "absl/types/span.h"

#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// The claims that this process holds, from taking them to recording their last outcome, and the
// outcomes not recorded yet. Between senders, which produce outcomes, the flusher, which records
// them, and the lease keeper. Thread-safe.
class OpenClaims {
 public:
  // `usable_until`: from then on no mail of the claim is handed over, because another worker may
  // get it.
  void Open(const Claim& claim, absl::Time usable_until);

  bool Usable(ClaimId id, absl::Time now) const;
  std::vector<ClaimId> Ids() const;
  // Of the `asked` claims those `held` are usable longer; the others are lost.
  void Extended(absl::Span<const ClaimId> asked, absl::Span<const ClaimId> held,
                absl::Time usable_until);

  // Every mail of an open claim is told of exactly once, by one of these.
  void Record(ClaimId id, Outcome outcome);
  void GiveBack(ClaimId id, int mails);  // it was not sent: somebody else may
  void Forget(ClaimId id, int mails);    // its outcome is recorded already

  // What is to be recorded of one claim.
  struct Job {
    ClaimId id = 0;
    std::vector<Outcome> outcomes;
    bool last = false;       // every mail was told of
    bool give_back = false;  // with the last: the rest is to be released
  };
  // Takes all there is to record.
  std::vector<Job> TakeJobs();
  // The job is done: a last one ends its claim.
  void Finish(const Job& job);
  // The job could not be done; TakeJobs gives it again.
  void PutBack(Job job);

  // Waits until `outcomes` wait to be recorded, or a claim to be ended, for at most `timeout`.
  bool WaitForWork(int outcomes, absl::Duration timeout) const;
  // True once no claim is open.
  bool WaitUntilEmpty(absl::Duration timeout) const;

  int unrecorded() const;

 private:
  struct Entry {
    int untold = 0;  // mails not told of yet
    bool give_back = false;
    bool taken = false;  // a job of it is under way
    bool lost = false;
    absl::Time usable_until;
    std::vector<Outcome> outcomes;
  };
  void Told(Entry& entry, int mails) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<ClaimId, Entry> claims_ ABSL_GUARDED_BY(mutex_);
  int unrecorded_ ABSL_GUARDED_BY(mutex_) = 0;
  int ended_ ABSL_GUARDED_BY(mutex_) = 0;  // claims without untold mails
};

}  // namespace lmsmail::dispatch
