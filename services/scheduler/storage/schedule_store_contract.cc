#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "services/scheduler/domain/resource_names.h"
#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {

TEST_P(ScheduleStoreContract, ReturnsWhatWasStored) {
  Schedule schedule = ScheduleAt("purge", "0 2 * * *");
  schedule.display_name = "Nightly";
  schedule.time_zone = "Europe/Berlin";
  schedule.local_time = true;
  schedule.catch_up = CatchUp::kAll;
  schedule.catch_up_window = absl::Hours(3);
  schedule.action = PurgeLogs{absl::Hours(24 * 8)};
  schedule.next_run_time = now_;
  ASSERT_OK(store().Create(schedule, Request("r"), never_));
  ASSERT_OK_AND_ASSIGN(const Schedule found, store().Find("purge", never_));
  EXPECT_EQ(found.display_name, "Nightly");
  EXPECT_EQ(found.time_zone, "Europe/Berlin");
  EXPECT_TRUE(found.local_time);
  EXPECT_EQ(found.catch_up, CatchUp::kAll);
  EXPECT_EQ(found.catch_up_window, absl::Hours(3));
  EXPECT_EQ(found.action, schedule.action);
  EXPECT_EQ(found.next_run_time, now_);
  EXPECT_THAT(store().Find("other", never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ScheduleStoreContract, RejectsTakenIdsAndRequestIds) {
  Stored("a");
  EXPECT_THAT(store().Create(ScheduleAt("a", "0 9 * * *"), Request("other"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store().Create(ScheduleAt("b", "0 9 * * *"), Request("create-a"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  EXPECT_THAT(store().Find("b", never_), StatusIs(absl::StatusCode::kNotFound));
  ASSERT_OK_AND_ASSIGN(const auto record, stores_.requests->Find("Test", "create-a", never_));
  ASSERT_TRUE(record.has_value());
  EXPECT_EQ(record->digest, 1);
  ASSERT_OK_AND_ASSIGN(const auto unused, stores_.requests->Find("Test", "other", never_));
  EXPECT_FALSE(unused.has_value());
}

TEST_P(ScheduleStoreContract, ListsSchedulesOrderedById) {
  for (const char* id : {"c", "a", "b"}) Stored(id);
  ASSERT_OK_AND_ASSIGN(const auto page, store().List("a", 1, never_));
  ASSERT_EQ(page.size(), 1u);
  EXPECT_EQ(page.front().id, "b");
}

TEST_P(ScheduleStoreContract, UpdatesOnlyTheNextRevision) {
  Schedule schedule = Stored("a");
  schedule.cron = "5 5 * * *";
  schedule.revision = 3;
  EXPECT_THAT(store().Update(schedule, never_), StatusIs(absl::StatusCode::kAborted));
  schedule.revision = 2;
  ASSERT_OK(store().Update(schedule, never_));
  EXPECT_EQ(store().Find("a", never_)->cron, "5 5 * * *");
}

TEST_P(ScheduleStoreContract, DeletesOnlyTheGivenRevision) {
  Stored("a");
  EXPECT_THAT(store().Delete("a", 2, never_), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(store().Delete("a", 1, never_));
  EXPECT_THAT(store().Delete("a", std::nullopt, never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ScheduleStoreContract, FiresOnce) {
  Stored("a");
  ASSERT_OK_AND_ASSIGN(const auto due, store().ListDue(now_, 10, never_));
  ASSERT_EQ(due.size(), 1u);
  const absl::Time next = now_ + absl::Hours(24);
  EXPECT_THAT(store().Fire(due.front(), {now_}, next, now_, never_), IsOkAndHolds(true));
  EXPECT_THAT(store().Fire(due.front(), {now_}, next, now_, never_), IsOkAndHolds(false));
  EXPECT_EQ(store().ListRuns("a", "", 10, never_)->size(), 1u);
  EXPECT_EQ(store().Find("a", never_)->next_run_time, next);
  EXPECT_EQ(store().Find("a", never_)->last_run_time, now_);
  EXPECT_TRUE(store().ListDue(now_, 10, never_)->empty());
}

TEST_P(ScheduleStoreContract, PlansAScheduleWithoutANextRun) {
  Schedule schedule = ScheduleAt("new", "0 9 * * *");
  ASSERT_OK(store().Create(schedule, Request("r"), never_));
  EXPECT_TRUE(store().ListDue(now_, 10, never_)->empty());
  EXPECT_THAT(store().Fire(schedule, {}, now_, now_, never_), IsOkAndHolds(true));
  EXPECT_THAT(store().Fire(schedule, {}, now_, now_, never_), IsOkAndHolds(false));
  ASSERT_OK_AND_ASSIGN(const Schedule planned, store().Find("new", never_));
  EXPECT_EQ(planned.next_run_time, now_);
  EXPECT_EQ(planned.last_run_time, std::nullopt);
}

TEST_P(ScheduleStoreContract, DoesNotFireAnEditedSchedule) {
  const Schedule seen = Stored("a");
  Schedule edited = seen;
  edited.revision = 2;
  ASSERT_OK(store().Update(edited, never_));
  EXPECT_THAT(store().Fire(seen, {now_}, std::nullopt, now_, never_), IsOkAndHolds(false));
}

TEST_P(ScheduleStoreContract, ClaimedRunIsExclusiveUntilTheLeaseEnds) {
  const Schedule schedule = Stored("a");
  ASSERT_OK(store().Fire(schedule, {now_}, std::nullopt, now_, never_));
  const absl::Time lease_end = now_ + absl::Minutes(5);
  ASSERT_OK_AND_ASSIGN(const auto first, store().ClaimRun(now_, lease_end, never_));
  ASSERT_TRUE(first.has_value());
  EXPECT_EQ(first->schedule.id, "a");
  EXPECT_EQ(first->run.attempts, 1);
  EXPECT_EQ(first->run.start_time, now_);
  EXPECT_EQ(*store().ClaimRun(now_, lease_end, never_), std::nullopt);
  EXPECT_THAT(store().OldestDueRun(now_, never_), IsOkAndHolds(std::nullopt));
  EXPECT_EQ(*store().OldestDueRun(lease_end, never_), lease_end);
  ASSERT_OK_AND_ASSIGN(const auto second,
                       store().ClaimRun(lease_end, lease_end + absl::Minutes(5), never_));
  ASSERT_TRUE(second.has_value());

  ScheduleRun late = first->run;
  late.state = ScheduleRun::State::kFailed;
  ASSERT_OK(store().SettleRun(late, now_, never_));
  EXPECT_EQ(store().FindRun("a", late.id, never_)->state, ScheduleRun::State::kRunning);
  ScheduleRun done = second->run;
  done.state = ScheduleRun::State::kSucceeded;
  done.detail = "fine";
  done.end_time = lease_end;
  ASSERT_OK(store().SettleRun(done, lease_end, never_));
  ASSERT_OK_AND_ASSIGN(const ScheduleRun found, store().FindRun("a", done.id, never_));
  EXPECT_EQ(found.state, ScheduleRun::State::kSucceeded);
  EXPECT_EQ(found.detail, "fine");
  EXPECT_EQ(found.attempts, 2);
  EXPECT_THAT(store().DeleteRunsBefore(lease_end, never_), IsOkAndHolds(0));
  EXPECT_THAT(store().DeleteRunsBefore(lease_end + absl::Seconds(1), never_), IsOkAndHolds(1));
}

TEST_P(ScheduleStoreContract, ListsRunsNewestFirst) {
  const Schedule schedule = Stored("a");
  ASSERT_OK(store().Fire(schedule, {now_ - absl::Hours(1), now_}, std::nullopt, now_, never_));
  const ScheduleRun manual{
      .schedule_id = "a", .id = RunId(now_) + "-manual-1", .nominal_time = now_};
  ASSERT_OK(store().AddRun(manual, Request("run"), never_));
  EXPECT_THAT(store().AddRun(manual, Request("run"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto first, store().ListRuns("a", "", 2, never_));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, manual.id);
  EXPECT_EQ(first[1].id, RunId(now_));
  ASSERT_OK_AND_ASSIGN(const auto rest, store().ListRuns("a", first[1].id, 2, never_));
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest.front().nominal_time, now_ - absl::Hours(1));
}

}  // namespace lmsmail::scheduler
