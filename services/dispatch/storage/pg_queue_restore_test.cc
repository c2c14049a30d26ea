#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/dispatch/testing/pg_queue_fixture.h"

// What after_restore() of functions/restore.sql leaves.
namespace lmsmail::dispatch {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

using Kind = Outcome::Kind;

class PgQueueRestoreTest : public PgQueueFixture {
 protected:
  void Restore() { Query("SELECT after_restore(now())"); }
  std::int64_t RetryRestored(std::vector<Category> categories = {}) {
    const auto retried = queue().RetryRestored(categories, absl::InfiniteFuture());
    EXPECT_OK(retried);
    return retried.value_or(-1);
  }
  void Resume() {
    for (const Lane lane : kLanes) {
      ASSERT_OK(queue().SetPaused(lane, false, "", absl::InfiniteFuture()));
    }
  }
  // What the counters say about mail of no batch.
  std::string Count(Kind kind) {
    return Query("SELECT coalesce(sum(count), 0) FROM counter WHERE kind = " +
                 std::to_string(static_cast<int>(kind)));
  }
};

TEST_F(PgQueueRestoreTest, WhatWasDueIsUncertainAndNothingElse) {
  const MessageId sent = Ended("sent", Kind::kSent);
  const MessageId claimed = AcceptMail("claimed");
  ASSERT_THAT(Take().mails, SizeIs(1));
  const MessageId waiting = AcceptMail("waiting");
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(1);
  const MessageId in_an_hour = AcceptOne(later).items[0].id;
  Submission much_later = Send("much later");
  much_later.due_time = Now() + absl::Hours(24 * 30);
  const MessageId scheduled = AcceptOne(much_later).items[0].id;
  Restore();
  for (const MessageId id : {claimed, waiting}) {
    EXPECT_EQ(StateOf(id), State::kUncertain);
    EXPECT_EQ(Get(id).reason, Reason::kDatabaseRestored);
  }
  EXPECT_EQ(StateOf(sent), State::kSent);
  EXPECT_EQ(StateOf(in_an_hour), State::kScheduled);
  EXPECT_EQ(StateOf(scheduled), State::kScheduled);
  EXPECT_EQ(Count(Kind::kUncertain), "2");
  Resume();
  EXPECT_THAT(Take().mails, IsEmpty());
}

TEST_F(PgQueueRestoreTest, ScheduledMailThatIsDueByNowIsUncertain) {
  Submission later = Send("later");
  later.due_time = Now() + absl::Hours(48);
  const MessageId id = AcceptOne(later).items[0].id;
  Advance(absl::Hours(49));
  Restore();
  EXPECT_EQ(StateOf(id), State::kUncertain);
}

TEST_F(PgQueueRestoreTest, PausesAllLanesAndKeepsTheReasonOfAnEarlierPause) {
  ASSERT_OK(queue().SetPaused(Lane::kBulk, true, "the list is wrong", absl::InfiniteFuture()));
  Restore();
  Restore();
  ASSERT_OK_AND_ASSIGN(const auto depths, queue().Depths(absl::InfiniteFuture()));
  for (const LaneDepth& depth : depths) {
    EXPECT_TRUE(depth.paused);
    EXPECT_THAT(depth.pause_detail, HasSubstr("the database was restored to"));
    if (depth.lane != Lane::kBulk) continue;
    EXPECT_THAT(depth.pause_detail, HasSubstr("the list is wrong"));
  }
}

TEST_F(PgQueueRestoreTest, AJournalThatKnowsBetterIsBelieved) {
  const MessageId id = AcceptMail("claimed");
  const Claim claim = Take();
  ASSERT_THAT(claim.mails, SizeIs(1));
  Restore();
  EXPECT_FALSE(FlushAll(claim, Kind::kSent).live);
  EXPECT_EQ(StateOf(id), State::kSent);
  EXPECT_EQ(Count(Kind::kUncertain), "0");
  EXPECT_EQ(RetryRestored(), 0);
}

TEST_F(PgQueueRestoreTest, RetriesByCategoryAndOnce) {
  const MessageId receipt = AcceptMail("receipt");
  const Category category = Get(receipt).mail.template_ref.category;
  const Category other = category == Category::kPayment ? Category::kProgress : Category::kPayment;
  Restore();
  EXPECT_EQ(RetryRestored({other}), 0);
  EXPECT_EQ(RetryRestored({category}), 1);
  EXPECT_EQ(RetryRestored(), 0);
  EXPECT_EQ(StateOf(receipt), State::kQueued);
  EXPECT_EQ(Count(Kind::kUncertain), "0");
  EXPECT_THAT(Take().mails, IsEmpty()) << "its lane is paused";
  Resume();
  const Claim claim = Take();
  ASSERT_THAT(claim.mails, SizeIs(1));
  FlushAll(claim, Kind::kSent);
  EXPECT_EQ(StateOf(receipt), State::kSent);
}

TEST_F(PgQueueRestoreTest, AMailMayBeRestoredAndRetriedAgain) {
  const MessageId id = AcceptMail("twice");
  for (int i = 0; i < 2; ++i) {
    Restore();
    EXPECT_EQ(StateOf(id), State::kUncertain);
    EXPECT_EQ(RetryRestored(), 1);
  }
  EXPECT_EQ(StateOf(id), State::kQueued);
}

TEST_F(PgQueueRestoreTest, CancellingIsTooLateBecauseNothingWouldBeSent) {
  const MessageId id = AcceptMail("uncertain");
  Restore();
  EXPECT_THAT(queue().Cancel(id, absl::InfiniteFuture()), IsOkAndHolds(CancelResult::kTooLate));
  EXPECT_EQ(StateOf(id), State::kUncertain);
}

TEST_F(PgQueueRestoreTest, IdsThatWereGivenOutAreNotUsedAgain) {
  const MessageId before = AcceptMail("before");
  Restore();
  Reconnect();
  EXPECT_GT((AcceptMail("after") & ((1LL << 39) - 1)) - (before & ((1LL << 39) - 1)), 900'000'000);
}

}  // namespace
}  // namespace lmsmail::dispatch
