#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "libs/identity/owned_key.h"
#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {

TEST_P(EventStoreContract, AddsAnEventOnce) {
  using enum AddResult;
  EXPECT_THAT(Add({New("e-1", {Mail("k-1")}), New("e-2", {})}),
              ::testing::ElementsAre(kAdded, kAdded));
  EXPECT_THAT(Add({New("e-3", {}), New("e-1", {Mail("k-1")}), New("e-2", {}, 2)}),
              ::testing::ElementsAre(kAdded, kDuplicate, kConflict));
  ASSERT_OK_AND_ASSIGN(const StoredEvent event, store().Find("e-1", never_));
  EXPECT_EQ(event.event.SerializeAsString(), Enrolled("e-1").SerializeAsString());
  EXPECT_EQ(event.create_time, now_);
  ASSERT_EQ(event.tasks.size(), 1u);
  EXPECT_EQ(event.tasks.front().kind, TaskKind::kMail);
  EXPECT_EQ(event.tasks.front().state, TaskState::kPending);
  EXPECT_THAT(store().Find("e-4", never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(EventStoreContract, ClaimReturnsTheWholePlan) {
  TaskPlan traced = Mail("k-1");
  traced.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Add({New("e-1", {traced})});
  EXPECT_TRUE(Claim(now_ - absl::Seconds(1)).empty());
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 1u);
  const TaskPlan& plan = tasks.front().plan;
  EXPECT_EQ(plan.kind, TaskKind::kMail);
  EXPECT_EQ(plan.automation_id, "enrollment");
  EXPECT_EQ(plan.template_name, "templates/enrollment");
  EXPECT_EQ(plan.lane, lmsmail::type::v1::LANE_BULK);
  EXPECT_EQ(plan.audience, Audience::kStudent);
  EXPECT_EQ(plan.student, "recipients/ada");
  EXPECT_EQ(plan.course_id, "cpp-101");
  EXPECT_EQ(plan.mail_key, "k-1");
  EXPECT_EQ(plan.traceparent, traced.traceparent);
  EXPECT_EQ(tasks.front().attempts, 1);
  EXPECT_EQ(tasks.front().give_up_time, now_ + kGiveUpAfter);
  ASSERT_EQ(tasks.front().events.size(), 1u);
  EXPECT_EQ(tasks.front().events.front().event_id(), "e-1");
}

TEST_P(EventStoreContract, TellsWhoPublishedAnEventOfAnId) {
  using identity::MakeOwnedKey;
  Add({New(MakeOwnedKey("lms", "e-1"), {}), New(MakeOwnedKey("crm", "e-1"), {}),
       New(MakeOwnedKey("lms", "e-10"), {}), New(MakeOwnedKey("lms", "e-"), {})});
  const auto publishers = [&](std::string_view key) {
    const auto found = store().PublishersOf(key, never_);
    EXPECT_OK(found);
    return found.value_or(std::vector<std::string>());
  };
  EXPECT_THAT(publishers("e-1"), ::testing::ElementsAre("crm", "lms"));
  EXPECT_THAT(publishers("e-10"), ::testing::ElementsAre("lms"));
  EXPECT_THAT(publishers("e-2"), ::testing::IsEmpty());
}

TEST_P(EventStoreContract, ClaimReturnsTasksInPlannedOrder) {
  TaskPlan first = Mail("k-1");
  first.due_time = now_ + absl::Minutes(1);
  Add({New("e-1", {first}), New("e-2", {Mail("k-2")}), New("e-3", {Mail("k-3")})});
  std::vector<std::string> keys;
  for (const Task& task : Claim(now_ + absl::Minutes(1))) keys.push_back(task.plan.mail_key);
  EXPECT_THAT(keys, ::testing::ElementsAre("k-1", "k-2", "k-3"));
}

TEST_P(EventStoreContract, ClaimIsExclusiveUntilTheLeaseEnds) {
  Add({New("e-1", {Mail("k-1")})});
  const Task first = Claim(now_).front();
  EXPECT_TRUE(Claim(now_ + absl::Minutes(4)).empty());
  EXPECT_THAT(store().Extend(first, now_ + absl::Minutes(9), never_), IsOkAndHolds(true));
  EXPECT_TRUE(Claim(now_ + absl::Minutes(8)).empty());
  const std::vector<Task> second = Claim(now_ + absl::Minutes(9));
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(second.front().attempts, 2);
  EXPECT_THAT(store().Extend(first, never_, never_), IsOkAndHolds(false));
  ASSERT_OK(store().Settle(first, {.state = TaskState::kFailed, .detail = "late"}, never_));
  EXPECT_EQ(store().Find("e-1", never_)->tasks.front().state, TaskState::kPending);
  ASSERT_OK(store().Settle(second.front(), {.state = TaskState::kDone, .detail = "ok"}, never_));
  EXPECT_EQ(store().Find("e-1", never_)->tasks.front().detail, "ok");
  EXPECT_TRUE(Claim(now_ + absl::Hours(9)).empty());
}

TEST_P(EventStoreContract, PendingTaskIsDueAtItsRetryTime) {
  Add({New("e-1", {Mail("k-1")})});
  const absl::Time retry = now_ + absl::Hours(1);
  ASSERT_OK(store().Settle(Claim(now_).front(),
                           {.state = TaskState::kPending, .detail = "away", .retry_time = retry},
                           never_));
  EXPECT_THAT(store().OldestDue(retry - absl::Seconds(1), never_), IsOkAndHolds(std::nullopt));
  EXPECT_EQ(*store().OldestDue(retry, never_), retry);
  EXPECT_EQ(Claim(retry).size(), 1u);
}

TEST_P(EventStoreContract, EventsJoinAnOpenWindow) {
  const absl::Time end = now_ + absl::Minutes(15);
  Add({New("e-1", {Window("w-1", end)}), New("e-2", {Window("w-2", end)})});
  TaskPlan other = Window("w-3", end);
  other.course_id = "go-101";
  Add({New("e-3", {other})});
  const std::vector<Task> tasks = Claim(end);
  ASSERT_EQ(tasks.size(), 2u);
  const Task& joined = tasks[0].plan.course_id == "cpp-101" ? tasks[0] : tasks[1];
  EXPECT_EQ(joined.plan.mail_key, "w-1");
  ASSERT_EQ(joined.events.size(), 2u);
  EXPECT_EQ(joined.events[1].event_id(), "e-2");
  // A claimed window is closed, so the next event opens another.
  Add({New("e-4", {Window("w-4", end + absl::Minutes(15))})});
  EXPECT_EQ(Claim(end + absl::Minutes(15)).size(), 3u);  // includes the two whose leases have ended
}

TEST_P(EventStoreContract, EventsWithTheSameMailKeyShareATaskThatIsRetriedAfterFailure) {
  Add({New("e-1", {Mail("k-1")}), New("e-2", {Mail("k-1")})});
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 1u);
  ASSERT_OK(store().Settle(tasks.front(), {.state = TaskState::kFailed, .detail = "no"}, never_));
  EXPECT_EQ(store().Find("e-2", never_)->tasks.front().state, TaskState::kFailed);
  Add({New("e-3", {Mail("k-1")})});
  EXPECT_EQ(store().Find("e-1", never_)->tasks.front().state, TaskState::kPending);
  ASSERT_EQ(Claim(now_).size(), 1u);
}

TEST_P(EventStoreContract, CancelsPendingMailAndReturnsKeysOfSentMail) {
  Add({New("sent", {Mail("k-sent"), Window("w", now_)})});
  for (const Task& task : Claim(now_)) ASSERT_OK(store().Settle(task, {}, never_));
  TaskPlan bob = Mail("k-bob");
  bob.student = "recipients/bob";
  TaskPlan receipt = Mail("k-receipt");
  receipt.cancellable = false;
  Add({New("waiting", {Mail("k-waiting"), bob, receipt}), New("left", {CancelMail()}),
       New("again", {Mail("k-again")})});
  Task cancel;
  for (const Task& task : Claim(now_)) {
    if (task.plan.kind == TaskKind::kCancelMail) {
      cancel = task;
    } else {
      ASSERT_OK(store().Settle(task, {.state = TaskState::kPending, .retry_time = now_}, never_));
    }
  }
  ASSERT_OK_AND_ASSIGN(const CancelledMail mail,
                       store().CancelMail(cancel, now_, now_ - absl::Hours(1), never_));
  EXPECT_EQ(mail.cancelled, 1);
  EXPECT_EQ(mail.in_progress, 0);
  // "k-waiting" was attempted once, so it may have been sent to dispatch.
  EXPECT_THAT(mail.keys, ::testing::UnorderedElementsAre("k-sent", "w/ada", "k-waiting"));
  EXPECT_EQ(Claim(now_).size(), 3u);  // for Bob, the receipt and the new enrollment
}

TEST_P(EventStoreContract, CancelMailCountsMailInProgress) {
  Add({New("e-1", {Mail("k-1")}), New("left", {CancelMail()})});
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 2u);
  const Task& cancel = tasks[0].plan.kind == TaskKind::kCancelMail ? tasks[0] : tasks[1];
  ASSERT_OK_AND_ASSIGN(const CancelledMail mail,
                       store().CancelMail(cancel, now_, now_ - absl::Hours(1), never_));
  EXPECT_EQ(mail.in_progress, 1);
  EXPECT_EQ(mail.cancelled, 0);
}

TEST_P(EventStoreContract, DropsTheContentOfOldEventsWithoutPendingTasks) {
  Add({New("e-1", {Mail("k-1")}), New("e-2", {Mail("k-2")})});
  const absl::Time later = now_ + absl::Seconds(1);
  for (const Task& task : Claim(now_)) {
    if (task.plan.mail_key == "k-2") continue;
    ASSERT_OK(store().Settle(task, {.state = TaskState::kFailed, .detail = "why"}, never_));
  }
  EXPECT_THAT(store().DropContentBefore(now_, 10, never_), IsOkAndHolds(0));
  EXPECT_THAT(store().DropContentBefore(later, 10, never_), IsOkAndHolds(1));
  EXPECT_THAT(store().DropContentBefore(later, 10, never_), IsOkAndHolds(0));
  const auto dropped = store().Find("e-1", never_);
  ASSERT_OK(dropped);
  EXPECT_TRUE(dropped->content_dropped);
  v1::Event only_id;
  only_id.set_event_id("e-1");
  EXPECT_EQ(dropped->event.SerializeAsString(), only_id.SerializeAsString());
  ASSERT_EQ(dropped->tasks.size(), 1u);
  EXPECT_EQ(dropped->tasks[0].state, TaskState::kFailed);
  EXPECT_EQ(dropped->tasks[0].detail, "");
  const auto pending = store().Find("e-2", never_);
  ASSERT_OK(pending);
  EXPECT_FALSE(pending->content_dropped);
  EXPECT_THAT(store().Add({New("e-1", {Mail("k-1")})}, now_, never_),
              IsOkAndHolds(testing::ElementsAre(AddResult::kDuplicate)));
  // Another event revives the failed mail: with its own values only.
  Add({New("e-3", {Mail("k-1")})});
  const std::vector<Task> revived = Claim(now_);
  ASSERT_EQ(revived.size(), 1u);
  ASSERT_EQ(revived[0].events.size(), 1u);
  EXPECT_EQ(revived[0].events[0].event_id(), "e-3");
}

TEST_P(EventStoreContract, DeletesOldEventsWithoutPendingTasks) {
  Add({New("e-1", {Mail("k-1")}), New("e-2", {Mail("k-2")}), New("e-3", {})});
  const std::vector<Task> tasks = Claim(now_);
  for (const Task& task : tasks) {
    if (task.plan.mail_key == "k-2") continue;
    ASSERT_OK(store().Settle(task, {}, never_));
  }
  EXPECT_THAT(store().DeleteBefore(now_, 10, never_), IsOkAndHolds(0));
  EXPECT_THAT(store().DeleteBefore(now_ + absl::Seconds(1), 10, never_), IsOkAndHolds(2));
  EXPECT_THAT(store().Find("e-1", never_), StatusIs(absl::StatusCode::kNotFound));
  EXPECT_OK(store().Find("e-2", never_));
}

}  // namespace lmsmail::scheduler
