#include "services/dispatch/intake/group_commit.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/types/span.h"

namespace lmsmail::dispatch {
namespace {

// Whether the store, rather than what it was given, is at fault.
bool IsOutage(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsUnknown(status) ||
         absl::IsDeadlineExceeded(status) || absl::IsCancelled(status) ||
         absl::IsResourceExhausted(status);
}

}  // namespace

absl::StatusOr<Accepted> GroupCommit::Accept(const Submission& submission) {
  Waiting mine{&submission};
  const auto my_turn = [&] { return mine.done || !committing_; };
  absl::MutexLock lock(&mutex_);
  queue_.push_back(&mine);
  while (true) {
    mutex_.Await(absl::Condition(&my_turn));
    if (mine.done) return std::move(mine.result);
    // Whoever finds no commit running leads the next one, normally its own.
    committing_ = true;
    const Group group = TakeGroup();
    mutex_.Unlock();
    Commit(group);
    mutex_.Lock();
    for (Waiting* waiting : group) waiting->done = true;
    committing_ = false;
  }
}

std::size_t GroupCommit::waiting() const {
  absl::MutexLock lock(&mutex_);
  return queue_.size();
}

// Submissions with the same key stay apart, so that the later one sees what became of the first.
GroupCommit::Group GroupCommit::TakeGroup() {
  Group group;
  std::vector<std::string_view> keys;
  while (!queue_.empty() && group.size() < max_group_) {
    Waiting* const next = queue_.front();
    const std::string_view key = next->submission->request_id;
    if (std::find(keys.begin(), keys.end(), key) != keys.end()) break;
    keys.push_back(key);
    group.push_back(next);
    queue_.pop_front();
  }
  return group;
}

void GroupCommit::Commit(const Group& group) {
  if (group.size() == 1) return CommitAlone(*group.front());
  std::vector<Submission> submissions;
  submissions.reserve(group.size());
  for (const Waiting* waiting : group) submissions.push_back(*waiting->submission);
  auto results = store_.Accept(submissions);
  if (results.ok() && results->size() == group.size()) {
    for (std::size_t i = 0; i < group.size(); ++i) group[i]->result = std::move((*results)[i]);
    return;
  }
  if (results.ok()) results = absl::InternalError("the store gave another number of answers");
  for (Waiting* waiting : group) {
    // One submission that the store cannot take must not refuse its neighbours.
    if (IsOutage(results.status())) {
      waiting->result = results.status();
    } else {
      CommitAlone(*waiting);
    }
  }
}

void GroupCommit::CommitAlone(Waiting& waiting) {
  auto results = store_.Accept(absl::MakeConstSpan(waiting.submission, 1));
  if (!results.ok()) {
    waiting.result = results.status();
  } else if (results->size() != 1) {
    waiting.result = absl::InternalError("the store gave another number of answers");
  } else {
    waiting.result = std::move(results->front());
  }
}

}  // namespace lmsmail::dispatch
