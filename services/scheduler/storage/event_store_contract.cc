#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/identity/owned_key.h"
#include "libs/protobuf/time.h"
#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {

TEST_P(EventStoreContract, AddsAnEventOnce) {
  using enum AddResult;
  EXPECT_THAT(Add({New("e-1", {Mail("k-1")}), New("e-2", {})}),
              ::testing::ElementsAre(kAdded, kAdded));
  EXPECT_THAT(Add({New("e-3", {}), New("e-1", {Mail("k-1")}), New("e-2", {}, 2)}),
              ::testing::ElementsAre(kAdded, kDuplicate, kConflict));
  ASSERT_OK_AND_ASSIGN(const StoredEvent event, store().Find("e-1", never_));
  EXPECT_EQ(event.event.SerializeAsString(), New("e-1", {}).event.SerializeAsString());
  EXPECT_EQ(event.create_time, now_);
  ASSERT_EQ(event.tasks.size(), 1u);
  EXPECT_EQ(event.tasks.front().kind, TaskKind::kMail);
  EXPECT_EQ(event.tasks.front().state, TaskState::kPending);
  EXPECT_THAT(store().Find("e-4", never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(EventStoreContract, ClaimReturnsTheWholePlan) {
  TaskPlan traced = Mail("k-1");
  traced.content = -7;
  traced.payment_id = "pay-1";
  traced.unless.Add(Condition::kEnrolled);
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
  EXPECT_EQ(plan.content, traced.content);
  EXPECT_EQ(plan.payment_id, "pay-1");
  EXPECT_TRUE(plan.unless.Has(Condition::kEnrolled));
  EXPECT_EQ(plan.give_up_time, traced.give_up_time);
  ASSERT_EQ(tasks.front().events.size(), 1u);
  EXPECT_EQ(tasks.front().events.front().event.event_id(), "e-1");
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

TEST_P(EventStoreContract, EventsOfATaskAreOrderedByTimeThenByArrival) {
  const absl::Time end = now_ + absl::Minutes(15);
  const auto at = [&](const std::string& id, absl::Duration after) {
    NewEvent event = New(id, {Window("w", end)});
    *event.event.mutable_event_time() = protobuf::ToProto(now_ + after);
    return event;
  };
  Add({at("e-9", absl::Seconds(2)), at("e-3", absl::Seconds(1))});
  Add({at("e-1", absl::Seconds(2))});
  const std::vector<Task> tasks = Claim(end);
  ASSERT_EQ(tasks.size(), 1u);
  std::vector<std::string> ids;
  for (const AcceptedEvent& event : tasks[0].events) ids.push_back(event.event.event_id());
  EXPECT_THAT(ids, ::testing::ElementsAre("e-3", "e-9", "e-1"));
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
  EXPECT_EQ(joined.events.size(), 2u);
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
  for (const Task& task : Claim(now_)) {
    if (task.plan.kind != TaskKind::kMail) continue;
    ASSERT_OK(store().Settle(task, {.state = TaskState::kPending, .retry_time = now_}, never_));
  }
  CancelScope scope = LeftCourse("left");
  scope.copies = true;
  ASSERT_OK_AND_ASSIGN(const CancelledMail mail,
                       store().CancelMail(scope, now_, now_ - absl::Hours(1), never_));
  EXPECT_EQ(mail.cancelled, 1);
  EXPECT_EQ(mail.in_progress, 0);
  // "k-waiting" was attempted once, so it may have been sent to dispatch.
  EXPECT_THAT(mail.keys, ::testing::UnorderedElementsAre("k-sent", "w/ada", "k-waiting"));
  EXPECT_EQ(Claim(now_).size(), 3u);  // for Bob, the receipt and the new enrollment
}

TEST_P(EventStoreContract, CancelsReceiptsOfAPaymentOrAllMailOfAStudent) {
  TaskPlan receipt = Mail("k-receipt");
  receipt.cancellable = false;
  receipt.payment_id = "pay-1";
  TaskPlan refund = CancelMail();
  refund.payment_id = "pay-1";
  Add({New("e-1", {Mail("k-1"), receipt}), New("e-2", {refund})});
  ASSERT_OK_AND_ASSIGN(PaymentState payment,
                       store().FindPayment("pay-1", "recipients/ada", never_));
  EXPECT_TRUE(payment.refunded);
  EXPECT_TRUE(payment.refund_pending);
  EXPECT_FALSE(payment.receipt_cancelled);
  const CancelScope of_payment{
      .student = "recipients/ada", .payment_id = "pay-1", .reason = "given back"};
  EXPECT_EQ(store().CancelMail(of_payment, now_, now_, never_)->cancelled, 1);
  ASSERT_OK_AND_ASSIGN(payment, store().FindPayment("pay-1", "recipients/ada", never_));
  EXPECT_TRUE(payment.receipt_cancelled);
  EXPECT_FALSE(payment.receipt_sent);
  const CancelScope of_student{.student = "recipients/ada", .all = true, .reason = "erased"};
  EXPECT_EQ(store().CancelMail(of_student, now_, now_, never_)->cancelled, 1);
  EXPECT_EQ(store().Find("e-1", never_)->state(), TaskState::kDone);
}

TEST_P(EventStoreContract, MarksMailThatWasCancelledAtDispatch) {
  TaskPlan receipt = Mail("k-receipt");
  receipt.payment_id = "pay-1";
  Add({New("e-1", {receipt})});
  ASSERT_OK(store().Settle(Claim(now_).front(), {}, never_));
  EXPECT_TRUE(store().FindPayment("pay-1", "recipients/ada", never_)->receipt_sent);
  ASSERT_OK(store().MarkCancelled("k-receipt", "given back", never_));
  ASSERT_OK_AND_ASSIGN(const PaymentState payment,
                       store().FindPayment("pay-1", "recipients/ada", never_));
  EXPECT_TRUE(payment.receipt_cancelled);
  EXPECT_FALSE(payment.receipt_sent);
}

TEST_P(EventStoreContract, CancelMailCountsMailInProgressAndKeepsLaterMail) {
  Add({New("e-1", {Mail("k-1")}), New("left", {CancelMail()}), New("e-2", {Mail("k-2")})});
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 3u);
  ASSERT_OK_AND_ASSIGN(const CancelledMail mail,
                       store().CancelMail(LeftCourse("left"), now_, now_ - absl::Hours(1), never_));
  EXPECT_EQ(mail.in_progress, 1);
  EXPECT_EQ(mail.cancelled, 0);
}

TEST_P(EventStoreContract, WaitingTasksWakeWhenAFactIsKnown) {
  Add({New("e-1", {Mail("k-1")}), New("e-2", {Mail("k-2")})});
  const std::vector<Task> tasks = Claim(now_);
  const absl::Time give_up = now_ + absl::Hours(1);
  for (const Task& task : tasks) {
    ASSERT_OK(store().Settle(task,
                             {.state = TaskState::kWaiting,
                              .detail = "waits",
                              .retry_time = give_up,
                              .waits_for = {"recipients/" + task.plan.mail_key, "courses/c url"}},
                             never_));
  }
  using ::testing::ElementsAre;
  EXPECT_THAT(store().AwaitedFacts("", 10, never_),
              IsOkAndHolds(ElementsAre("courses/c url", "recipients/k-1", "recipients/k-2")));
  EXPECT_THAT(store().AwaitedFacts("courses/c url", 1, never_),
              IsOkAndHolds(ElementsAre("recipients/k-1")));
  ASSERT_OK_AND_ASSIGN(const StoredEvent event, store().Find("e-1", never_));
  EXPECT_EQ(event.state(), TaskState::kWaiting);
  EXPECT_THAT(event.tasks[0].waits_for, ElementsAre("recipients/k-1", "courses/c url"));
  ASSERT_OK_AND_ASSIGN(const auto counts, store().Count(never_));
  ASSERT_EQ(counts.size(), 1u);
  EXPECT_EQ(counts[0].type, EventType::kStudentEnrolled);
  EXPECT_EQ(counts[0].state, TaskState::kWaiting);
  EXPECT_EQ(counts[0].count, 2);
  EXPECT_TRUE(Claim(give_up - absl::Seconds(1)).empty());
  EXPECT_THAT(store().Wake({"recipients/k-1", "other"}, now_, never_), IsOkAndHolds(1));
  const std::vector<Task> woken = Claim(now_);
  ASSERT_EQ(woken.size(), 1u);
  EXPECT_THAT(woken[0].waits_for, ElementsAre("recipients/k-1", "courses/c url"));
  ASSERT_OK(store().Settle(woken[0], {}, never_));
  EXPECT_EQ(store().Find("e-1", never_)->state(), TaskState::kDone);
  EXPECT_EQ(Claim(give_up).size(), 1u);
}

TEST_P(EventStoreContract, RetriesWhatFailedOrWaits) {
  Add({New("e-1", {Mail("k-1"), Mail("k-2"), Mail("k-3")})});
  for (const Task& task : Claim(now_)) {
    const bool failed = task.plan.mail_key == "k-1";
    ASSERT_OK(
        store().Settle(task, {.state = failed ? TaskState::kFailed : TaskState::kDone}, never_));
  }
  EXPECT_EQ(store().Find("e-1", never_)->state(), TaskState::kFailed);
  const absl::Time later = now_ + absl::Hours(1);
  EXPECT_THAT(store().Retry("e-1", now_, later, never_), IsOkAndHolds(1));
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].plan.give_up_time, later);
  EXPECT_THAT(store().Retry("e-1", now_, later, never_), IsOkAndHolds(0));
}

TEST_P(EventStoreContract, AKeyWithOtherContentFails) {
  TaskPlan other = Mail("k-1");
  other.content = 1;
  Add({New("e-1", {Mail("k-1")}), New("e-2", {other})});
  EXPECT_EQ(store().Find("e-1", never_)->state(), TaskState::kPending);
  ASSERT_OK_AND_ASSIGN(const StoredEvent failed, store().Find("e-2", never_));
  EXPECT_EQ(failed.state(), TaskState::kFailed);
  EXPECT_THAT(failed.tasks[0].detail,
              ::testing::AllOf(::testing::HasSubstr("k-1"), ::testing::HasSubstr("event e-1")));
  EXPECT_THAT(store().Retry("e-2", now_, never_, never_), IsOkAndHolds(0));
  // What failed may be said otherwise.
  ASSERT_OK(store().Settle(Claim(now_).front(), {.state = TaskState::kFailed}, never_));
  TaskPlan third = Mail("k-1");
  third.content = 3;
  Add({New("e-3", {third})});
  const std::vector<Task> tasks = Claim(now_);
  ASSERT_EQ(tasks.size(), 1u);
  EXPECT_EQ(tasks[0].plan.content, 3);
}

TEST_P(EventStoreContract, KnowsWhatIsNotRecordedYet) {
  TaskPlan record{.kind = TaskKind::kRecord,
                  .student = "recipients/ada",
                  .course_id = "cpp-101",
                  .due_time = now_,
                  .give_up_time = now_};
  Add({New("e-1", {record})});
  const auto unrecorded = [&](std::string_view student, std::string_view course) {
    return store().HasUnrecordedFacts(student, course, never_).value();
  };
  EXPECT_TRUE(unrecorded("recipients/ada", "cpp-101"));
  EXPECT_FALSE(unrecorded("recipients/bob", "cpp-101"));
  EXPECT_FALSE(unrecorded("recipients/ada", "go-101"));
  ASSERT_OK(store().Settle(Claim(now_).front(), {}, never_));
  EXPECT_FALSE(unrecorded("recipients/ada", "cpp-101"));
  record.student = "";  // of the course
  Add({New("e-2", {record})});
  EXPECT_TRUE(unrecorded("recipients/ada", "cpp-101"));
}

TEST_P(EventStoreContract, ListsEventsNewestArrivalFirst) {
  NewEvent paid{
      .event = Paid(identity::MakeOwnedKey("crm", "p-1"), "pay-1"), .digest = 1, .tasks = {}};
  paid.no_mail = NoMail::kQuiet;
  *paid.event.mutable_event_time() = protobuf::ToProto(now_ - absl::Hours(1));
  Add({New(identity::MakeOwnedKey("lms", "e-9"), {Mail("k-1")}), paid});
  Add({New(identity::MakeOwnedKey("lms", "e-1"), {})});
  const auto list = [&](EventQuery query) {
    query.limit = 10;
    std::vector<std::string> ids;
    const auto events = store().List(query, never_);
    EXPECT_OK(events);
    for (const StoredEvent& event : *events) {
      ids.emplace_back(identity::SplitOwnedKey(event.event.event_id()).key);
    }
    return ids;
  };
  using ::testing::ElementsAre;
  EXPECT_THAT(list({}), ElementsAre("e-1", "p-1", "e-9"));
  EXPECT_THAT(list({.state = TaskState::kPending}), ElementsAre("e-9"));
  EXPECT_THAT(list({.state = TaskState::kDone}), ElementsAre("e-1", "p-1"));
  EXPECT_THAT(list({.type = EventType::kPaymentSucceeded}), ElementsAre("p-1"));
  EXPECT_THAT(list({.publisher = "lms"}), ElementsAre("e-1", "e-9"));
  EXPECT_THAT(list({.course_id = "cpp-101"}), ElementsAre("e-1", "e-9"));
  EXPECT_THAT(list({.student = "recipients/bob"}), ::testing::IsEmpty());
  EXPECT_THAT(list({.start_time = now_}), ElementsAre("e-1", "e-9"));
  EXPECT_THAT(list({.end_time = now_}), ElementsAre("p-1"));
  ASSERT_OK_AND_ASSIGN(const auto first, store().List({.limit = 2}, never_));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[1].no_mail, NoMail::kQuiet);
  EXPECT_THAT(list({.before = std::pair(first[1].arrival_time, first[1].event.event_id())}),
              ElementsAre("e-9"));
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
  EXPECT_EQ(revived[0].events[0].event.event_id(), "e-3");
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
