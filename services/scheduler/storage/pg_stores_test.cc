#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <pqxx/pqxx>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/time/clock.h"
#include "embedded/lmsmail_scheduler_migrations.h"

#include "libs/clock/clock.h"
#include "libs/postgres/pool.h"
#include "libs/postgres/testing/attacks.h"
#include "libs/postgres/testing/embedded_postgres.h"
#include "libs/postgres/transaction.h"
#include "services/scheduler/automations/automation_validation.h"
#include "services/scheduler/schedules/schedule_registry.h"
#include "services/scheduler/storage/pg_automation_store.h"
#include "services/scheduler/storage/pg_event_store.h"
#include "services/scheduler/storage/pg_request_store.h"
#include "services/scheduler/storage/pg_schedule_store.h"
#include "services/scheduler/storage/store_contract.h"

namespace lmsmail::scheduler {
namespace {

// Connects to a new database with the service's schema.
std::shared_ptr<postgres::Pool> NewPool() {
  postgres::PoolOptions options;
  options.dsn =
      postgres::EmbeddedPostgres::Shared().NewDatabase("scheduler", kSchedulerSchema).value().dsn;
  options.schema = "scheduler";
  options.size = 8;
  return postgres::Pool::Create(std::move(options)).value();
}

void Clear(postgres::Pool& pool) {
  const absl::Status cleared =
      postgres::RunInTransaction(pool, {.name = "clear"}, [](pqxx::work& tx) {
        tx.exec0("DELETE FROM schedule");
        tx.exec0("DELETE FROM automation");
        return absl::OkStatus();
      });
  if (!cleared.ok()) throw std::runtime_error(cleared.ToString());
}

Stores MakeStores() {
  std::shared_ptr<postgres::Pool> pool = NewPool();
  Clear(*pool);
  Stores stores;
  stores.home = pool;
  stores.requests = std::make_unique<PgRequestStore>(*pool);
  stores.schedules = std::make_unique<PgScheduleStore>(*pool);
  stores.automations = std::make_unique<PgAutomationStore>(*pool);
  stores.events = std::make_unique<PgEventStore>(*pool);
  return stores;
}

INSTANTIATE_TEST_SUITE_P(Postgres, ScheduleStoreContract, ::testing::Values(MakeStores));
INSTANTIATE_TEST_SUITE_P(Postgres, AutomationStoreContract, ::testing::Values(MakeStores));
INSTANTIATE_TEST_SUITE_P(Postgres, EventStoreContract, ::testing::Values(MakeStores));

TEST(RoleTest, OwnRoleChangesNothingButRows) {
  const auto database =
      postgres::EmbeddedPostgres::Shared().NewDatabase("scheduler", kSchedulerSchema).value();
  EXPECT_THAT(postgres::AttacksThatSucceed(database.dsn, "scheduler", {}), ::testing::IsEmpty());
}

TEST(BuiltInsTest, SchedulesGetTheSchoolTimeZoneOnce) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgScheduleStore store(*pool);
  PgRequestStore requests(*pool);
  const FakeClock clock(At("2026-11-22T12:00:00Z"));
  ScheduleRegistry registry(store, requests, clock);
  const absl::Time never = absl::InfiniteFuture();
  EXPECT_TRUE(store.ListDue(clock.Now() + absl::Hours(24 * 30), 10, never)->empty());
  ASSERT_OK(registry.InitializeBuiltIns("Europe/Berlin", never));
  ASSERT_OK(registry.InitializeBuiltIns("Asia/Tokyo", never));
  ASSERT_OK_AND_ASSIGN(const Schedule weekly, store.Find("weekly-progress", never));
  EXPECT_EQ(weekly.time_zone, "Europe/Berlin");
  EXPECT_EQ(weekly.next_run_time, At("2026-11-23T08:00:00Z"));
  ASSERT_OK_AND_ASSIGN(const Schedule sweep, store.Find("queue-sweep", never));
  EXPECT_EQ(sweep.next_run_time, At("2026-11-22T12:05:00Z"));
}

// What after_restore() of functions/restore.sql leaves to an operator: what was due and sends mail.
TEST(RestoreTest, WhatMayHaveBeenDoneIsNotDoneAgain) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgScheduleStore schedules(*pool);
  PgRequestStore requests(*pool);
  PgEventStore events(*pool);
  const absl::Time never = absl::InfiniteFuture();
  const absl::Time now = absl::Now();
  const FakeClock two_weeks_ago(now - absl::Hours(24 * 14));
  ScheduleRegistry registry(schedules, requests, two_weeks_ago);
  ASSERT_OK(registry.InitializeBuiltIns("Europe/Berlin", never));
  const auto task = [](TaskKind kind, std::string key, absl::Time due) {
    return TaskPlan{.kind = kind, .mail_key = std::move(key), .due_time = due};
  };
  ASSERT_OK(events.Add({{Published("e", "v"),
                         1,
                         {task(TaskKind::kRecord, "", now - absl::Minutes(1)),
                          task(TaskKind::kMail, "due", now - absl::Minutes(1)),
                          task(TaskKind::kMail, "later", now + absl::Hours(1))}}},
                       now, never));
  ASSERT_OK(postgres::RunInTransaction(*pool, {.name = "restore"}, [](pqxx::work& tx) {
    tx.exec("SELECT after_restore(now())");
    return absl::OkStatus();
  }));

  ASSERT_OK_AND_ASSIGN(const Schedule weekly, schedules.Find("weekly-progress", never));
  EXPECT_TRUE(weekly.paused);
  EXPECT_EQ(weekly.next_run_time, std::nullopt);
  ASSERT_OK_AND_ASSIGN(const Schedule sweep, schedules.Find("queue-sweep", never));
  EXPECT_FALSE(sweep.paused) << "it sends no mail";
  ASSERT_OK_AND_ASSIGN(const auto due, events.Claim(now, now + absl::Minutes(5), 10, never));
  ASSERT_EQ(due.size(), 1u);
  EXPECT_EQ(due[0].plan.kind, TaskKind::kRecord);
  ASSERT_OK_AND_ASSIGN(const auto later,
                       events.Claim(now + absl::Hours(2), now + absl::Hours(3), 10, never));
  EXPECT_TRUE(std::ranges::any_of(later, [](const Task& t) { return t.plan.mail_key == "later"; }));
  EXPECT_FALSE(std::ranges::any_of(later, [](const Task& t) { return t.plan.mail_key == "due"; }));
}

TEST(BuiltInsTest, AutomationsAreValidAndAsDocumented) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgAutomationStore store(*pool);
  ASSERT_OK_AND_ASSIGN(const auto automations, store.ListEnabled(absl::InfiniteFuture()));
  std::vector<std::string> ids;
  for (const Automation& automation : automations) {
    ids.push_back(automation.id);
    EXPECT_OK(CheckAutomation(automation).ToStatus());
  }
  EXPECT_THAT(ids, ::testing::ElementsAre("demo-completed", "enrollment", "new-content",
                                          "payment-confirmation"));
}

TEST(ConcurrencyTest, ReplicasNeverShareATaskAndOpenOneWindow) {
  const std::shared_ptr<postgres::Pool> pool = NewPool();
  PgEventStore store(*pool);
  const absl::Time now = At("2026-11-23T09:00:00Z");
  const absl::Time deadline = absl::Now() + absl::Seconds(30);
  constexpr int kThreads = 4;
  constexpr int kEvents = 50;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0; i < kEvents; ++i) {
        const std::string id = std::to_string(thread) + "-" + std::to_string(i);
        const TaskPlan window{.kind = TaskKind::kMail,
                              .automation_id = "new-content",
                              .audience = Audience::kEnrolled,
                              .course_id = "cpp-101",
                              .mail_key = "w-" + id,
                              .due_time = now,
                              .window_end = now + absl::Minutes(15)};
        const TaskPlan record{.due_time = now};
        EXPECT_OK(store.Add({{Published(id, id), 1, {record, window}}}, now, deadline));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  threads.clear();

  std::vector<int> claimed(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (;;) {
        const auto tasks = store.Claim(now, now + absl::Minutes(5), 7, deadline);
        ASSERT_OK(tasks);
        if (tasks->empty()) return;
        claimed[static_cast<std::size_t>(thread)] += static_cast<int>(tasks->size());
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  int total = 0;
  for (const int count : claimed) total += count;
  EXPECT_EQ(total, kThreads * kEvents + 1);  // the record tasks and one window
}

}  // namespace
}  // namespace lmsmail::scheduler
