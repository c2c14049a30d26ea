#include "services/scheduler/api/scheduler_service.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "libs/clock/clock.h"
#include "libs/protobuf/time.h"
#include "libs/rpc/client_call.h"
#include "libs/rpc/testing/in_process_server.h"
#include "libs/rpc/testing/matchers.h"
#include "libs/testing/status_matchers.h"
#include "services/scheduler/storage/in_memory_automation_store.h"
#include "services/scheduler/storage/in_memory_event_store.h"
#include "services/scheduler/storage/in_memory_schedule_store.h"
#include "services/scheduler/testing/samples.h"

namespace lmsmail::scheduler {
namespace {

using rpc::HasViolation;
using Stub = v1::SchedulerService::StubInterface;
using ::testing::_;
using ::testing::HasSubstr;

class SchedulerServiceTest : public ::testing::Test {
 protected:
  template <typename Method, typename Request>
  auto Call(Method method, const Request& request) {
    return rpc::Call(*stub_, method, request, rpc::WithTimeout(absl::Seconds(10)));
  }

  v1::CreateScheduleRequest Create(const std::string& id) {
    v1::CreateScheduleRequest request;
    request.set_schedule_id(id);
    request.set_request_id("create-" + id);
    request.mutable_schedule()->set_cron("0 9 * * MON");
    request.mutable_schedule()->mutable_action()->mutable_sweep_queue();
    return request;
  }

  v1::CreateAutomationRequest CreateAutomation(const std::string& id) {
    v1::CreateAutomationRequest request;
    request.set_automation_id(id);
    request.set_request_id("create-" + id);
    v1::Automation& automation = *request.mutable_automation();
    automation.set_event_type(v1::Automation::EVENT_TYPE_STUDENT_ENROLLED);
    automation.set_audience(v1::Automation::AUDIENCE_STUDENT);
    automation.set_template_("templates/welcome");
    automation.set_enabled(true);
    return request;
  }

  FakeClock clock_{At("2026-11-22T12:00:00Z")};
  telemetry::Metrics registry_{{"scheduler", "test"}};
  SchedulerMetrics metrics_{registry_};
  InMemoryRequestStore requests_;
  InMemoryScheduleStore schedule_store_{requests_};
  InMemoryAutomationStore automation_store_{requests_};
  InMemoryEventStore events_;
  ScheduleRegistry schedules_{schedule_store_, requests_, clock_};
  AutomationRegistry automations_{automation_store_, requests_, clock_};
  EventSubmission submission_{events_, automation_store_, clock_, metrics_, [] {}};
  rpc::TestRunner runner_;
  ScheduleHandlers schedule_handlers_{schedules_, clock_};
  EventHandlers event_handlers_{submission_, events_};
  AutomationHandlers automation_handlers_{automations_};
  SchedulerService service_{runner_.get(), schedule_handlers_, event_handlers_,
                            automation_handlers_, runner_.audit_handlers()};
  rpc::InProcessServer server_{rpc::Host<v1::SchedulerService>(service_)};
  std::unique_ptr<v1::SchedulerService::Stub> stub_ = server_.NewStub<v1::SchedulerService>();
};

TEST_F(SchedulerServiceTest, CreatesPausesResumesAndDeletesASchedule) {
  ASSERT_OK_AND_ASSIGN(const v1::Schedule made, Call(&Stub::CreateSchedule, Create("a")));
  EXPECT_EQ(made.name(), "schedules/a");
  EXPECT_EQ(made.time_zone(), "UTC");
  EXPECT_EQ(made.catch_up(), v1::Schedule::CATCH_UP_LATEST);
  EXPECT_EQ(made.catch_up_window().seconds(), 86400);
  EXPECT_EQ(made.state(), v1::Schedule::STATE_ACTIVE);
  EXPECT_EQ(made.next_run_time().seconds(), absl::ToUnixSeconds(At("2026-11-23T09:00:00Z")));

  v1::PauseScheduleRequest pause;
  pause.set_name(made.name());
  ASSERT_OK_AND_ASSIGN(const v1::Schedule paused, Call(&Stub::PauseSchedule, pause));
  EXPECT_EQ(paused.state(), v1::Schedule::STATE_PAUSED);
  EXPECT_FALSE(paused.has_next_run_time());
  v1::ResumeScheduleRequest resume;
  resume.set_name(made.name());
  EXPECT_OK(Call(&Stub::ResumeSchedule, resume));

  v1::DeleteScheduleRequest stale;
  stale.set_name(made.name());
  stale.set_etag(made.etag());
  EXPECT_THAT(Call(&Stub::DeleteSchedule, stale), StatusIs(absl::StatusCode::kAborted));
  stale.clear_etag();
  EXPECT_OK(Call(&Stub::DeleteSchedule, stale));
  v1::GetScheduleRequest get;
  get.set_name(made.name());
  EXPECT_THAT(Call(&Stub::GetSchedule, get), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerServiceTest, CreateScheduleReturnsAllViolations) {
  v1::CreateScheduleRequest request;
  request.set_schedule_id("A!");
  request.mutable_schedule()->set_cron("61 9 * *");
  request.mutable_schedule()->set_time_zone("Mars/Base");
  request.mutable_schedule()->mutable_catch_up_window()->set_seconds(-5);
  const auto made = Call(&Stub::CreateSchedule, request);
  for (const char* field : {"schedule_id", "request_id", "schedule.cron", "schedule.time_zone",
                            "schedule.catch_up_window", "schedule.action"}) {
    EXPECT_THAT(made, HasViolation(field, _));
  }
}

TEST_F(SchedulerServiceTest, RejectsACronThatNeverMatches) {
  v1::CreateScheduleRequest request = Create("a");
  request.mutable_schedule()->set_cron("0 0 30 2 *");
  EXPECT_THAT(Call(&Stub::CreateSchedule, request),
              HasViolation("schedule.cron", HasSubstr("never")));
}

TEST_F(SchedulerServiceTest, CreatesOneResourcePerRequestId) {
  ASSERT_OK(Call(&Stub::CreateSchedule, Create("a")));
  EXPECT_OK(Call(&Stub::CreateSchedule, Create("a")));
  v1::CreateScheduleRequest other = Create("a");
  other.mutable_schedule()->set_cron("0 10 * * *");
  EXPECT_THAT(Call(&Stub::CreateSchedule, other), rpc::HasReason("REQUEST_ID_REUSED"));
  other.set_request_id("new");
  EXPECT_THAT(Call(&Stub::CreateSchedule, other), StatusIs(absl::StatusCode::kAlreadyExists));
}

TEST_F(SchedulerServiceTest, ValidateOnlyStoresNothing) {
  v1::CreateScheduleRequest request = Create("a");
  request.set_validate_only(true);
  EXPECT_OK(Call(&Stub::CreateSchedule, request));
  v1::GetScheduleRequest get;
  get.set_name("schedules/a");
  EXPECT_THAT(Call(&Stub::GetSchedule, get), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerServiceTest, UpdateAppliesTheMaskAndChecksTheEtag) {
  ASSERT_OK_AND_ASSIGN(const v1::Schedule made, Call(&Stub::CreateSchedule, Create("a")));
  v1::UpdateScheduleRequest request;
  request.mutable_schedule()->set_name(made.name());
  request.mutable_schedule()->set_etag(made.etag());
  request.mutable_schedule()->set_cron("0 13 * * *");
  request.mutable_schedule()->set_time_zone("Europe/Berlin");
  request.mutable_update_mask()->add_paths("cron");
  ASSERT_OK_AND_ASSIGN(const v1::Schedule updated, Call(&Stub::UpdateSchedule, request));
  EXPECT_EQ(updated.cron(), "0 13 * * *");
  EXPECT_EQ(updated.time_zone(), "UTC");
  EXPECT_THAT(Call(&Stub::UpdateSchedule, request), StatusIs(absl::StatusCode::kAborted));
  request.mutable_schedule()->clear_etag();
  request.mutable_update_mask()->add_paths("colour");
  EXPECT_THAT(Call(&Stub::UpdateSchedule, request), HasViolation("update_mask", _));
}

TEST_F(SchedulerServiceTest, ListsSchedulesInPages) {
  for (const char* id : {"a", "b", "c"}) ASSERT_OK(Call(&Stub::CreateSchedule, Create(id)));
  v1::ListSchedulesRequest request;
  request.set_page_size(2);
  ASSERT_OK_AND_ASSIGN(const auto first, Call(&Stub::ListSchedules, request));
  EXPECT_EQ(first.schedules_size(), 2);
  request.set_page_token(first.next_page_token());
  ASSERT_OK_AND_ASSIGN(const auto second, Call(&Stub::ListSchedules, request));
  ASSERT_EQ(second.schedules_size(), 1);
  EXPECT_EQ(second.schedules(0).name(), "schedules/c");
  EXPECT_EQ(second.next_page_token(), "");
  request.set_page_token("garbage");
  EXPECT_THAT(Call(&Stub::ListSchedules, request), HasViolation("page_token", _));
  request.set_page_size(-1);
  EXPECT_THAT(Call(&Stub::ListSchedules, request), HasViolation("page_size", _));
}

TEST_F(SchedulerServiceTest, ListsRunsNewestFirst) {
  ASSERT_OK(Call(&Stub::CreateSchedule, Create("a")));
  v1::RunScheduleRequest run;
  run.set_name("schedules/a");
  EXPECT_THAT(Call(&Stub::RunSchedule, run), HasViolation("request_id", _));
  run.set_request_id("1");
  ASSERT_OK(Call(&Stub::RunSchedule, run));
  clock_.Advance(absl::Minutes(1));
  run.set_request_id("2");
  ASSERT_OK_AND_ASSIGN(const v1::ScheduleRun newest, Call(&Stub::RunSchedule, run));
  v1::ListScheduleRunsRequest list;
  list.set_parent("schedules/a");
  list.set_page_size(1);
  ASSERT_OK_AND_ASSIGN(const auto page, Call(&Stub::ListScheduleRuns, list));
  ASSERT_EQ(page.runs_size(), 1);
  EXPECT_EQ(page.runs(0).name(), newest.name());
  EXPECT_EQ(page.runs(0).state(), v1::ScheduleRun::STATE_PENDING);
  EXPECT_NE(page.next_page_token(), "");
  list.set_parent("schedules/none");
  list.clear_page_token();
  EXPECT_THAT(Call(&Stub::ListScheduleRuns, list), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerServiceTest, PreviewReturnsTheNextTimes) {
  v1::PreviewScheduleRunsRequest request;
  request.set_cron("0 9 * * MON");
  request.set_time_zone("Europe/Berlin");
  ASSERT_OK_AND_ASSIGN(const auto preview, Call(&Stub::PreviewScheduleRuns, request));
  ASSERT_EQ(preview.run_times_size(), 5);
  EXPECT_EQ(preview.run_times(0).seconds(), absl::ToUnixSeconds(At("2026-11-23T08:00:00Z")));
  request.set_cron("0 0 29 2 *");
  request.set_count(100);
  ASSERT_OK_AND_ASSIGN(const auto leap, Call(&Stub::PreviewScheduleRuns, request));
  EXPECT_EQ(leap.run_times_size(), 2);
  request.set_name("schedules/a");
  EXPECT_THAT(Call(&Stub::PreviewScheduleRuns, request), HasViolation("cron", _));
}

TEST_F(SchedulerServiceTest, CreatesUpdatesListsAndDeletesAnAutomation) {
  ASSERT_OK_AND_ASSIGN(const auto made, Call(&Stub::CreateAutomation, CreateAutomation("welcome")));
  v1::UpdateAutomationRequest update;
  update.mutable_automation()->set_name(made.name());
  update.mutable_automation()->set_etag(made.etag());
  update.mutable_update_mask()->add_paths("enabled");
  ASSERT_OK_AND_ASSIGN(const auto off, Call(&Stub::UpdateAutomation, update));
  EXPECT_FALSE(off.enabled());
  EXPECT_EQ(off.template_(), "templates/welcome");
  EXPECT_THAT(Call(&Stub::UpdateAutomation, update), StatusIs(absl::StatusCode::kAborted));
  ASSERT_OK_AND_ASSIGN(const auto list, Call(&Stub::ListAutomations, v1::ListAutomationsRequest()));
  EXPECT_EQ(list.automations_size(), 1);
  v1::DeleteAutomationRequest remove;
  remove.set_name(made.name());
  EXPECT_OK(Call(&Stub::DeleteAutomation, remove));
  v1::GetAutomationRequest get;
  get.set_name(made.name());
  EXPECT_THAT(Call(&Stub::GetAutomation, get), StatusIs(absl::StatusCode::kNotFound));
}

TEST_F(SchedulerServiceTest, CreateAutomationReturnsAllViolations) {
  v1::CreateAutomationRequest request;
  request.mutable_automation()->set_event_type(v1::Automation::EVENT_TYPE_PAYMENT_SUCCEEDED);
  request.mutable_automation()->set_audience(v1::Automation::AUDIENCE_ENROLLED);
  request.mutable_automation()->mutable_collect_window()->set_seconds(60);
  request.mutable_automation()->mutable_delay()->set_seconds(31 * 86400);
  const auto made = Call(&Stub::CreateAutomation, request);
  for (const char* field :
       {"automation_id", "request_id", "automation.audience", "automation.template",
        "automation.collect_window", "automation.delay"}) {
    EXPECT_THAT(made, HasViolation(field, _));
  }
}

TEST_F(SchedulerServiceTest, PublishEventsReturnsOneResultPerEvent) {
  ASSERT_OK(Call(&Stub::CreateAutomation, CreateAutomation("welcome")));
  v1::PublishEventsRequest request;
  EXPECT_THAT(Call(&Stub::PublishEvents, request), HasViolation("events", _));
  *request.add_events() = Enrolled("e-1");
  *request.add_events() = Enrolled("e-2", "nobody");
  ASSERT_OK_AND_ASSIGN(const auto response, Call(&Stub::PublishEvents, request));
  ASSERT_EQ(response.results_size(), 2);
  EXPECT_EQ(response.results(0).status().code(), 0);
  EXPECT_EQ(response.results(1).status().code(), 3);
  EXPECT_THAT(response.results(1).status().message(), HasSubstr("student_enrolled.student"));

  v1::GetEventRequest get;
  get.set_event_id("e-1");
  ASSERT_OK_AND_ASSIGN(const v1::EventRecord record, Call(&Stub::GetEvent, get));
  EXPECT_EQ(record.state(), v1::EventRecord::STATE_PENDING);
  EXPECT_EQ(record.event().event_time().seconds(), absl::ToUnixSeconds(clock_.Now()));
  get.set_event_id("e-2");
  EXPECT_THAT(Call(&Stub::GetEvent, get), StatusIs(absl::StatusCode::kNotFound));
}

}  // namespace
}  // namespace lmsmail::scheduler
