#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// Accepts one submission in its own transaction.
absl::StatusOr<Accepted> AcceptAlone(QueueStore& store, const Submission& submission,
                                     absl::Time deadline);

// Groups concurrent submissions into shared transactions: submissions that arrive while all commits
// run go together into the next one; otherwise a submission is committed at once. A Send mostly
// waits for the sync of the disk, which costs the same for one submission as for a hundred.
// Thread-safe.
class GroupCommit {
 public:
  // Called after COMMIT with the submission and its result.
  using Done = absl::AnyInvocable<void(const Submission&, absl::StatusOr<Accepted>)>;

  struct Options {
    std::size_t max_group = 128;  // submissions that share a transaction
    int max_commits = 2;          // at a time: one is prepared while the other waits for the disk
  };

  // `store` must outlive this.
  explicit GroupCommit(QueueStore& store) : GroupCommit(store, Options()) {}
  GroupCommit(QueueStore& store, Options options) : store_(store), options_(options) {}

  // Commits on the calling thread while fewer than max_commits run, until nothing is waiting.
  // Otherwise returns at once, and `done` is called on the thread of a running commit. A group has
  // the latest deadline of its submissions, so that no caller's haste fails the others.
  void Accept(Submission submission, absl::Time deadline, Done done);

  // The number of submissions that wait for a running commit.
  std::size_t waiting() const;

 private:
  struct Waiting {
    Submission submission;
    absl::Time deadline;
    Done done;
  };
  // Two vectors, because QueueStore::Accept takes a span of submissions.
  struct Group {
    std::vector<Submission> submissions;
    std::vector<Done> dones;
    absl::Time deadline = absl::InfinitePast();
  };

  Group TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Commit(Group group);

  QueueStore& store_;
  const Options options_;
  mutable absl::Mutex mutex_;
  int running_commits_ ABSL_GUARDED_BY(mutex_) = 0;
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
