#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "libs/protobuf/time.h"
#include "libs/testing/status_matchers.h"
#include "services/scheduler/storage/automation_store.h"
#include "services/scheduler/storage/event_store.h"
#include "services/scheduler/storage/request_store.h"
#include "services/scheduler/storage/schedule_store.h"
#include "services/scheduler/testing/samples.h"

// The contract of all implementations of the stores. The tests are in *_store_contract.cc; a test
// program that links them instantiates these suites.
namespace lmsmail::scheduler {

// Empty stores that share a RequestStore. `home` owns what they need.
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

class AutomationStoreContract : public StoreContract {
 protected:
  AutomationStore& store() { return *stores_.automations; }
};

class EventStoreContract : public StoreContract {
 protected:
  EventStore& store() { return *stores_.events; }

  NewEvent New(const std::string& id, std::vector<TaskPlan> tasks, std::int64_t digest = 1) {
    NewEvent event{.event = Enrolled(id), .digest = digest, .tasks = std::move(tasks)};
    *event.event.mutable_event_time() = protobuf::ToProto(now_);
    return event;
  }
  TaskPlan Mail(const std::string& key) {
    return {.kind = TaskKind::kMail,
            .automation_id = "enrollment",
            .template_name = "templates/enrollment",
            .lane = lmsmail::type::v1::LANE_BULK,
            .audience = Audience::kStudent,
            .cancellable = true,
            .student = "recipients/ada",
            .course_id = "cpp-101",
            .mail_key = key,
            .due_time = now_,
            .give_up_time = now_ + absl::Hours(24)};
  }
  TaskPlan Window(const std::string& key, absl::Time end) {
    TaskPlan plan = Mail(key);
    plan.audience = Audience::kEnrolled;
    plan.student = "";
    plan.window_end = plan.due_time = end;
    return plan;
  }
  TaskPlan CancelMail() {
    return {.kind = TaskKind::kCancelMail,
            .student = "recipients/ada",
            .course_id = "cpp-101",
            .due_time = now_,
            .give_up_time = now_ + absl::Hours(24)};
  }
  // The scope of a stored event of a student who left.
  CancelScope LeftCourse(const std::string& event_id) {
    const StoredEvent event = store().Find(event_id, never_).value();
    return {.student = "recipients/ada",
            .course_id = "cpp-101",
            .event_time = now_,
            .arrival_time = event.arrival_time,
            .reason = "left"};
  }

  std::vector<AddResult> Add(std::vector<NewEvent> events) {
    return store().Add(events, now_, never_).value();
  }
  std::vector<Task> Claim(absl::Time at) {
    return store().Claim(at, at + absl::Minutes(5), 100, never_).value();
  }
};

}  // namespace lmsmail::scheduler
