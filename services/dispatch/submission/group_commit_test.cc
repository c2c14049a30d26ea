#include "services/dispatch/submission/group_commit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <new>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/synchronization/notification.h"

#include "libs/clock/clock.h"
#include "libs/testing/status_matchers.h"
#include "services/dispatch/storage/in_memory_store.h"
#include "services/dispatch/testing/queue_store_decorator.h"

namespace lmsmail::dispatch {
namespace {

Submission SubmissionOf(const std::string& key) {
  Submission submission;
  submission.request_id = key;
  submission.template_ref = {"enrollment", 1, Category::kEnrollment};
  submission.due_time = absl::UnixEpoch();
  submission.expire_time = absl::InfiniteFuture();
  submission.items.push_back({{Target::Kind::kRecipient, "recipients/a"}, "", key});
  return submission;
}

// Holds the first commit until told to go on; remembers the sizes of groups.
class SlowStore final : public QueueStoreDecorator {
 public:
  using QueueStoreDecorator::QueueStoreDecorator;

  absl::StatusOr<std::vector<absl::StatusOr<Accepted>>> Accept(
      absl::Span<const Submission> submissions) override {
    sizes.push_back(submissions.size());
    if (sizes.size() == 1) {
      begun.Notify();
      go_on.WaitForNotification();
    }
    if (std::exchange(throws, false)) throw std::bad_alloc();
    if (submissions.size() > 1 && !group_status.ok()) return group_status;
    return QueueStoreDecorator::Accept(submissions);
  }

  absl::Notification begun;
  absl::Notification go_on;
  bool throws = false;             // the next commit, once
  absl::Status group_status;       // what groups of more than one get
  std::vector<std::size_t> sizes;  // commits never overlap
};

class GroupCommitTest : public testing::Test {
 protected:
  // One commit is held; `keys` arrive meanwhile.
  void Run(const std::vector<std::string>& keys) {
    std::thread first([this] {
      commits_.Accept(SubmissionOf("first"), [](const Submission& submission, auto accepted) {
        EXPECT_EQ(submission.request_id, "first");
        EXPECT_OK(accepted);
      });
    });
    store_.begun.WaitForNotification();
    for (const std::string& key : keys) {
      commits_.Accept(SubmissionOf(key), [this, key](const Submission& submission, auto accepted) {
        EXPECT_EQ(submission.request_id, key);
        ++answers_;
        statuses_ok_ += accepted.ok();
      });
    }
    EXPECT_EQ(commits_.waiting(), keys.size());
    store_.go_on.Notify();
    first.join();
    EXPECT_EQ(answers_, static_cast<int>(keys.size()));
    EXPECT_EQ(commits_.waiting(), 0u);
  }

  SystemClock clock_;
  InMemoryStore memory_{clock_};
  SlowStore store_{memory_};
  GroupCommit commits_{store_, {.max_group = 3, .max_commits = 1}};
  int answers_ = 0;
  int statuses_ok_ = 0;
};

TEST_F(GroupCommitTest, WhatArrivesDuringACommitSharesTheNext) {
  Run({"a", "b", "c"});
  EXPECT_EQ(statuses_ok_, 3);
  EXPECT_THAT(store_.sizes, testing::ElementsAre(1, 3));
}

TEST_F(GroupCommitTest, AGroupHasABound) {
  Run({"a", "b", "c", "d"});
  EXPECT_EQ(statuses_ok_, 4);
  EXPECT_THAT(store_.sizes, testing::ElementsAre(1, 3, 1));
}

TEST_F(GroupCommitTest, OneKeyIsInAGroupOnce) {
  Run({"a", "a"});
  EXPECT_EQ(statuses_ok_, 2);
  EXPECT_THAT(store_.sizes, testing::ElementsAre(1, 1, 1));
}

TEST_F(GroupCommitTest, ASubmissionThatTheStoreCannotTakeHurtsNobodyElse) {
  store_.group_status = absl::InvalidArgumentError("one of them");
  Run({"a", "b"});
  EXPECT_EQ(statuses_ok_, 2);
  EXPECT_THAT(store_.sizes, testing::ElementsAre(1, 2, 1, 1));
}

TEST_F(GroupCommitTest, AnOutageIsToldToAll) {
  store_.group_status = absl::UnavailableError("away");
  Run({"a", "b"});
  EXPECT_EQ(statuses_ok_, 0);
  EXPECT_THAT(store_.sizes, testing::ElementsAre(1, 2));
}

TEST_F(GroupCommitTest, ACommitThatThrowsLeavesTheWayFree) {
  store_.go_on.Notify();
  store_.throws = true;
  EXPECT_THROW(commits_.Accept(SubmissionOf("a"), [](const Submission&, const auto&) {}),
               std::bad_alloc);
  bool answered = false;
  commits_.Accept(SubmissionOf("b"),
                  [&](const Submission&, const auto& accepted) { answered = accepted.ok(); });
  EXPECT_TRUE(answered);
}

}  // namespace
}  // namespace lmsmail::dispatch
