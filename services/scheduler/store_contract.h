#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

#include "libs/testing/status_matchers.h"
#include "services/scheduler/automation_store.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/request_store.h"
#include "services/scheduler/resource_names.h"
#include "services/scheduler/schedule_store.h"
#include "services/scheduler/testing/samples.h"

// What every set of stores keeps to; event_store_contract.h has the part about events and tasks.
namespace lmsmail::scheduler {

// Empty stores that share one memory of request ids, and whatever they live on.
struct Stores {
  std::shared_ptr<void> home;
  std::unique_ptr<RequestStore> requests;
  std::unique_ptr<ScheduleStore> schedules;
  std::unique_ptr<AutomationStore> automations;
  std::unique_ptr<EventStore> events;
};

class StoreContract : public ::testing::TestWithParam<std::function<Stores()>> {
 protected:
  const absl::Time now_ = At("2026-11-23T09:00:00Z");
  const absl::Time never_ = absl::InfiniteFuture();
  Stores stores_ = GetParam()();
};

class ScheduleStoreContract : public StoreContract {
 protected:
  ScheduleStore& store() { return *stores_.schedules; }

  Schedule Stored(const std::string& id) {
    Schedule schedule = ScheduleAt(id, "0 9 * * *");
    schedule.next_run_time = now_;
    schedule.create_time = schedule.update_time = now_ - absl::Hours(1);
    EXPECT_OK(store().Create(schedule, Request("create-" + id), never_));
    return schedule;
  }
};

TEST_P(ScheduleStoreContract, GivesBackWhatWasStored) {
  Schedule schedule = ScheduleAt("purge", "0 2 * * *");
  schedule.display_name = "Nightly";
  schedule.time_zone = "Europe/Berlin";
  schedule.catch_up = CatchUp::kAll;
  schedule.catch_up_window = absl::Hours(3);
  schedule.action = PurgeLogs{absl::Hours(24 * 8)};
  schedule.next_run_time = now_;
  ASSERT_OK(store().Create(schedule, Request("r"), never_));
  ASSERT_OK_AND_ASSIGN(const Schedule found, store().Find("purge", never_));
  EXPECT_EQ(found.display_name, "Nightly");
  EXPECT_EQ(found.time_zone, "Europe/Berlin");
  EXPECT_EQ(found.catch_up, CatchUp::kAll);
  EXPECT_EQ(found.catch_up_window, absl::Hours(3));
  EXPECT_EQ(found.action, schedule.action);
  EXPECT_EQ(found.next_run_time, now_);
  EXPECT_THAT(store().Find("other", never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ScheduleStoreContract, TakesAnIdAndARequestIdOnce) {
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

TEST_P(ScheduleStoreContract, ListsByIdAfterAnId) {
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

TEST_P(ScheduleStoreContract, DeletesTheRevisionThatIsMeant) {
  Stored("a");
  EXPECT_THAT(store().Delete("a", 2, never_), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(store().Delete("a", 1, never_));
  EXPECT_THAT(store().Delete("a", std::nullopt, never_), StatusIs(absl::StatusCode::kNotFound));
}

TEST_P(ScheduleStoreContract, FiresOnceForAllReplicas) {
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

TEST_P(ScheduleStoreContract, DoesNotFireWhatWasEdited) {
  const Schedule seen = Stored("a");
  Schedule edited = seen;
  edited.revision = 2;
  ASSERT_OK(store().Update(edited, never_));
  EXPECT_THAT(store().Fire(seen, {now_}, std::nullopt, now_, never_), IsOkAndHolds(false));
}

TEST_P(ScheduleStoreContract, ARunIsOneReplicasUntilItsLeaseEnds) {
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
  EXPECT_THAT(store().ForgetRuns(lease_end, never_), IsOkAndHolds(0));
  EXPECT_THAT(store().ForgetRuns(lease_end + absl::Seconds(1), never_), IsOkAndHolds(1));
}

TEST_P(ScheduleStoreContract, ListsRunsNewestFirst) {
  const Schedule schedule = Stored("a");
  ASSERT_OK(store().Fire(schedule, {now_ - absl::Hours(1), now_}, std::nullopt, now_, never_));
  const ScheduleRun by_hand{
      .schedule_id = "a", .id = RunId(now_) + "-manual-1", .nominal_time = now_};
  ASSERT_OK(store().AddRun(by_hand, Request("run"), never_));
  EXPECT_THAT(store().AddRun(by_hand, Request("run"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
  ASSERT_OK_AND_ASSIGN(const auto first, store().ListRuns("a", "", 2, never_));
  ASSERT_EQ(first.size(), 2u);
  EXPECT_EQ(first[0].id, by_hand.id);
  EXPECT_EQ(first[1].id, RunId(now_));
  ASSERT_OK_AND_ASSIGN(const auto rest, store().ListRuns("a", first[1].id, 2, never_));
  ASSERT_EQ(rest.size(), 1u);
  EXPECT_EQ(rest.front().nominal_time, now_ - absl::Hours(1));
}

class AutomationStoreContract : public StoreContract {
 protected:
  AutomationStore& store() { return *stores_.automations; }
};

TEST_P(AutomationStoreContract, GivesBackWhatWasStored) {
  Automation automation = AutomationFor("a", EventType::kContentPublished);
  automation.display_name = "All of it";
  automation.delay = absl::Hours(1);
  automation.lane = lmsmail::type::v1::LANE_BULK;
  automation.create_time = automation.update_time = now_;
  ASSERT_OK(store().Create(automation, Request("r"), never_));
  ASSERT_OK_AND_ASSIGN(const Automation found, store().Find("a", never_));
  EXPECT_EQ(found.display_name, "All of it");
  EXPECT_EQ(found.event_type, EventType::kContentPublished);
  EXPECT_EQ(found.audience, Audience::kEnrolled);
  EXPECT_EQ(found.template_name, "templates/a");
  EXPECT_EQ(found.delay, absl::Hours(1));
  EXPECT_EQ(found.collect_window, absl::Minutes(15));
  EXPECT_EQ(found.lane, lmsmail::type::v1::LANE_BULK);
  EXPECT_TRUE(found.enabled);
  EXPECT_THAT(store().Create(automation, Request("r2"), never_),
              StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_P(AutomationStoreContract, UpdatesListsAndDeletes) {
  Automation automation = AutomationFor("a", EventType::kStudentEnrolled);
  ASSERT_OK(store().Create(automation, Request("r1"), never_));
  ASSERT_OK(store().Create(AutomationFor("b", EventType::kStudentEnrolled), Request("r2"), never_));
  automation.enabled = false;
  EXPECT_THAT(store().Update(automation, never_), StatusIs(absl::StatusCode::kAborted));
  automation.revision = 2;
  ASSERT_OK(store().Update(automation, never_));
  ASSERT_OK_AND_ASSIGN(const auto enabled, store().ListEnabled(never_));
  ASSERT_EQ(enabled.size(), 1u);
  EXPECT_EQ(enabled.front().id, "b");
  EXPECT_EQ(store().List("", 10, never_)->size(), 2u);
  EXPECT_THAT(store().Delete("a", 1, never_), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK(store().Delete("a", std::nullopt, never_));
  EXPECT_THAT(store().Delete("a", std::nullopt, never_), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace lmsmail::scheduler
