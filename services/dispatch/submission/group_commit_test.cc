#include "services/dispatch/submission/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <new>
#include <string>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"

#include "libs/clock/clock.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/fake_queue_store.h"

namespace lmsmail::dispatch {
namespace {

using testing::ElementsAre;

Submission SubmissionOf(const std::string& key) {
  Submission submission;
  submission.request_id = key;
  submission.template_ref = {"enrollment", 1, Category::kEnrollment};
  submission.due_time = absl::UnixEpoch();
  submission.expire_time = absl::InfiniteFuture();
  submission.items.push_back({{Target::Kind::kRecipient, "recipients/a"}, "", key});
  return submission;
}

// Blocks the commits of "slow/0" and "slow/1" until they are released, and records the sizes of the
// other groups.
class SlowStore final : public FakeQueueStore {
 public:
  using FakeQueueStore::FakeQueueStore;

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions, absl::Time deadline) override {
    const std::string& key = submissions.front().request_id;
    if (key == "throws") throw std::bad_alloc();
    if (key.starts_with("slow/")) {
      SlowCommit& commit = slow.at(key == "slow/0" ? 0 : 1);
      commit.started.Notify();
      commit.released.WaitForNotification();
    } else {
      absl::MutexLock lock(&mutex_);
      sizes_.push_back(submissions.size());
    }
    if (submissions.size() > 1 && !group_status.ok()) return group_status;
    return FakeQueueStore::Accept(submissions, deadline);
  }

  std::vector<std::size_t> sizes() const {
    absl::MutexLock lock(&mutex_);
    return sizes_;
  }

  struct SlowCommit {
    absl::Notification started;
    absl::Notification released;
  };
  std::array<SlowCommit, 2> slow;
  absl::Status group_status;  // of groups with more than one submission

 private:
  mutable absl::Mutex mutex_;
  std::vector<std::size_t> sizes_ ABSL_GUARDED_BY(mutex_);
};

class GroupCommitTest : public testing::Test {
 protected:
  void Accept(const std::string& key) {
    commits_.Accept(SubmissionOf(key), absl::InfiniteFuture(),
                    [this, key](const Submission& submission, auto accepted) {
                      EXPECT_EQ(submission.request_id, key);
                      ++results_;
                      accepted_ += accepted.ok();
                    });
  }
  std::thread StartSlowCommit(int index) {
    std::thread thread([this, index] { Accept("slow/" + std::to_string(index)); });
    store_.slow.at(index).started.WaitForNotification();
    return thread;
  }
  // Submits `keys` while two commits run, of which one ends before the other.
  void AcceptDuringTwoCommits(const std::vector<std::string>& keys) {
    std::thread first = StartSlowCommit(0);
    std::thread second = StartSlowCommit(1);
    for (const std::string& key : keys) Accept(key);
    EXPECT_EQ(commits_.waiting(), keys.size());
    EXPECT_EQ(results_, 0);
    store_.slow[0].released.Notify();
    first.join();
    EXPECT_EQ(commits_.waiting(), 0u);
    EXPECT_EQ(results_, 1 + static_cast<int>(keys.size()));
    store_.slow[1].released.Notify();
    second.join();
    accepted_ -= 2;  // the slow ones
  }

  SystemClock clock_;
  SlowStore store_{clock_};
  GroupCommit commits_{store_, {.max_group = 3}};
  std::atomic<int> results_ = 0;
  std::atomic<int> accepted_ = 0;
};

TEST_F(GroupCommitTest, CommitsAtOnceWhileOneCommitRuns) {
  std::thread slow = StartSlowCommit(0);
  Accept("a");
  EXPECT_EQ(accepted_, 1);
  Accept("b");
  EXPECT_EQ(accepted_, 2);
  EXPECT_THAT(store_.sizes(), ElementsAre(1, 1));
  store_.slow[0].released.Notify();
  slow.join();
}

TEST_F(GroupCommitTest, GroupsSubmissionsWhileTwoCommitsRun) {
  AcceptDuringTwoCommits({"a", "b", "c"});
  EXPECT_EQ(accepted_, 3);
  EXPECT_THAT(store_.sizes(), ElementsAre(3));
}

TEST_F(GroupCommitTest, LimitsTheSizeOfGroups) {
  AcceptDuringTwoCommits({"a", "b", "c", "d"});
  EXPECT_EQ(accepted_, 4);
  EXPECT_THAT(store_.sizes(), ElementsAre(3, 1));
}

TEST_F(GroupCommitTest, SeparatesSubmissionsWithTheSameKey) {
  AcceptDuringTwoCommits({"a", "a"});
  EXPECT_EQ(accepted_, 2);
  EXPECT_THAT(store_.sizes(), ElementsAre(1, 1));
}

TEST_F(GroupCommitTest, RetriesARejectedGroupOneByOne) {
  store_.group_status = absl::InvalidArgumentError("one of them is invalid");
  AcceptDuringTwoCommits({"a", "b"});
  EXPECT_EQ(accepted_, 2);
  EXPECT_THAT(store_.sizes(), ElementsAre(2, 1, 1));
}

TEST_F(GroupCommitTest, ReturnsTransientErrorsToTheWholeGroup) {
  store_.group_status = absl::UnavailableError("the database is down");
  AcceptDuringTwoCommits({"a", "b"});
  EXPECT_EQ(accepted_, 0);
  EXPECT_THAT(store_.sizes(), ElementsAre(2));
}

TEST_F(GroupCommitTest, CommitsAgainAfterExceptions) {
  EXPECT_THROW(Accept("throws"), std::bad_alloc);
  EXPECT_THROW(Accept("throws"), std::bad_alloc);
  Accept("a");
  EXPECT_EQ(accepted_, 1);
}

}  // namespace
}  // namespace lmsmail::dispatch
