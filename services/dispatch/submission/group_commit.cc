#include "services/dispatch/submission/group_commit.h"

#include <algorithm>
#include <string>
#include <unordered_set>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/types/span.h"

#include "libs/status/transient.h"

namespace lmsmail::dispatch {
namespace {

absl::Status WrongResultCount() {
  return absl::InternalError("the store returned a wrong number of results");
}

}  // namespace

absl::StatusOr<Accepted> AcceptAlone(QueueStore& store, const Submission& submission,
                                     absl::Time deadline) {
  auto results = store.Accept(absl::MakeConstSpan(&submission, 1), deadline);
  if (!results.ok()) return results.status();
  if (results->size() != 1) return WrongResultCount();
  return std::move(results->front());
}

void GroupCommit::Accept(Submission submission, absl::Time deadline, Done done) {
  Group group;
  {
    absl::MutexLock lock(&mutex_);
    queue_.push_back({std::move(submission), deadline, std::move(done)});
    if (running_commits_ >= options_.max_commits) return;
    ++running_commits_;
    group = TakeGroup();
  }
  // After an exception, the next submission commits what is waiting.
  absl::Cleanup end_commit = [this] {
    absl::MutexLock lock(&mutex_);
    --running_commits_;
  };
  for (;;) {
    Commit(std::move(group));
    absl::MutexLock lock(&mutex_);
    group = TakeGroup();
    if (!group.submissions.empty()) continue;
    --running_commits_;  // under the same lock, so that no submission is left waiting
    std::move(end_commit).Cancel();
    return;
  }
}

std::size_t GroupCommit::waiting() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

// Submissions with the same key go into different groups, so that the later one finds the first.
GroupCommit::Group GroupCommit::TakeGroup() {
  Group group;
  std::unordered_set<std::string> keys;
  while (!queue_.empty() && group.dones.size() < options_.max_group) {
    Waiting& next = queue_.front();
    if (!keys.insert(next.submission.request_id).second) break;
    group.submissions.push_back(std::move(next.submission));
    group.dones.push_back(std::move(next.done));
    group.deadline = std::max(group.deadline, next.deadline);
    queue_.pop_front();
  }
  return group;
}

void GroupCommit::Commit(Group group) {
  auto results = store_.Accept(group.submissions, group.deadline);
  if (results.ok() && results->size() != group.dones.size()) results = WrongResultCount();
  // A submission that the store rejects must not fail the others of its group.
  const bool each_alone = group.dones.size() > 1 && !results.ok() && !IsTransient(results.status());
  for (std::size_t i = 0; i < group.dones.size(); ++i) {
    const Submission& submission = group.submissions[i];
    if (each_alone) {
      group.dones[i](submission, AcceptAlone(store_, submission, group.deadline));
    } else if (results.ok()) {
      group.dones[i](submission, std::move((*results)[i]));
    } else {
      group.dones[i](submission, results.status());
    }
  }
}

}  // namespace lmsmail::dispatch
