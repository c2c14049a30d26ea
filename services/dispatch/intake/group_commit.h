#pragma once

#include <cstddef>
#include <deque>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"

#include "services/dispatch/queue_store.h"

namespace lmsmail::dispatch {

// Lets concurrent submissions share one transaction: those that arrive while a commit runs go
// together into the next. A lone one goes at once. The disk's sync is what a Send waits for, and it
// costs the same for one as for a hundred. Thread-safe.
class GroupCommit {
 public:
  // `store` must outlive this. At most `max_group` submissions share a transaction.
  explicit GroupCommit(QueueStore& store, std::size_t max_group = 128)
      : store_(store), max_group_(max_group) {}

  // Returns after COMMIT.
  absl::StatusOr<Accepted> Accept(const Submission& submission);

  // Submissions that wait for the commit that runs.
  std::size_t waiting() const;

 private:
  struct Waiting {
    const Submission* submission;
    absl::StatusOr<Accepted> result = absl::UnknownError("not decided");
    bool done = false;
  };
  using Group = std::vector<Waiting*>;

  Group TakeGroup() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Commit(const Group& group);
  void CommitAlone(Waiting& waiting);

  QueueStore& store_;
  const std::size_t max_group_;
  mutable absl::Mutex mutex_;
  bool committing_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<Waiting*> queue_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace lmsmail::dispatch
