#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/any_invocable.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "services/dispatch/storage/queue_store.h"

namespace lmsmail::dispatch {

// One submission in a transaction of its own.
absl::StatusOr<Accepted> AcceptAlone(QueueStore& store, const Submission& submission);

// Lets concurrent submissions share one transaction: those that arrive while a commit runs go
// together into the next. A lone one goes at once. The disk's sync is what a Send waits for, and it
// costs the same for one as for a hundred. Thread-safe.
class GroupCommit {
 public:
  // Called after COMMIT, with the submission that it is the answer to.
  using Done = absl::AnyInvocable<void(const Submission&, absl::StatusOr<Accepted>)>;

  struct Options {
    std::size_t max_group = 128;  // submissions that share a transaction
    // While one waits for the disk another is prepared.
    int max_commits = 2;
  };

  // `store` must outlive this.
  explicit GroupCommit(QueueStore& store) : GroupCommit(store, Options()) {}
  GroupCommit(QueueStore& store, Options options) : store_(store), options_(options) {}

  // Whoever finds fewer than max_commits under way commits what waits until nothing does; everybody
  // else returns at once, and `done` is called on the thread of one who commits.
  void Accept(Submission submission, Done done);

  // Submissions that wait for the commit that runs.
  std::size_t waiting() const;

 private:
  struct Waiting {
    Submission submission;
    Done done;
  };
  // Side by side, for a store takes submissions that lie side by side.
  struct Group {
    std::vector<Submission> submissions;
    std::vector<Done> dones;
  };

  Group TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Commit(Group group);

  QueueStore& store_;
  const Options options_;
  mutable absl::Mutex mutex_;
  int commits_ ABSL_GUARDED_BY(mutex_) = 0;  // under way
  std::deque<Waiting> queue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
