#include "deploy/demo/scenarios.h"

#include <fmt/format.h>

#include "deploy/demo/demo_data.h"

#include "libs/status/status_macros.h"
#include "libs/strings/view.h"

namespace lmsmail::demo {
namespace {

namespace sch = scheduler::v1;
using SchedulerStub = sch::SchedulerService::StubInterface;
using ReportStub = report::v1::ReportService::StubInterface;

constexpr const char* kEventIds[] = {"demo-enrolled", "demo-class", "demo-payment", "demo-video-1",
                                     "demo-video-2"};

sch::PublishEventsRequest Events() {
  sch::PublishEventsRequest request;

  auto& enrolled = *request.add_events();
  enrolled.set_event_id(kEventIds[0]);
  enrolled.mutable_student_enrolled()->set_student(Student(1));
  enrolled.mutable_student_enrolled()->mutable_course()->set_course_id("cpp-101");

  auto& attended = *request.add_events();
  attended.set_event_id(kEventIds[1]);
  attended.mutable_demo_class_attended()->set_student(Student(2));
  attended.mutable_demo_class_attended()->set_class_title("Your first watercolour");
  attended.mutable_demo_class_attended()->set_host_name("Marisol Vega");
  attended.mutable_demo_class_attended()->mutable_course()->set_course_id("watercolour");
  attended.mutable_demo_class_attended()->set_enroll_url(
      "https://learn.example/enroll/watercolour");

  auto& paid = *request.add_events();
  paid.set_event_id(kEventIds[2]);
  auto& payment = *paid.mutable_payment_succeeded();
  payment.set_student(Student(3));
  payment.set_payment_id("pay-1001");
  payment.set_amount_minor(14900);
  payment.set_currency_code("EUR");
  payment.set_description("Statistics Without Fear, full course");
  payment.mutable_course()->set_course_id("statistics");
  payment.set_receipt_url("https://learn.example/receipts/pay-1001");

  for (int i = 1; i <= 2; ++i) {
    auto& published = *request.add_events();
    published.set_event_id(kEventIds[2 + i]);
    auto& content = *published.mutable_content_published();
    content.mutable_course()->set_course_id("statistics");
    content.set_content_id(fmt::format("video-{}", i));
    content.set_title(i == 1 ? "What a p-value is not" : "Confidence, in intervals");
    content.set_kind("video");
    content.set_url(fmt::format("https://learn.example/courses/statistics/video-{}", i));
    content.mutable_duration()->set_seconds(i == 1 ? 540 : 780);
  }
  return request;
}

// New content is collected for 15 minutes by default, which is too long for a demo.
absl::Status ShortenCollectWindow(Suite& suite) {
  sch::UpdateAutomationRequest request;
  request.mutable_automation()->set_name("automations/new-content");
  request.mutable_automation()->mutable_collect_window()->set_seconds(3);
  request.mutable_update_mask()->add_paths("collect_window");
  return Call(*suite.scheduler, &SchedulerStub::UpdateAutomation, request).status();
}

absl::StatusOr<bool> EventsDone(Suite& suite) {
  for (const char* id : kEventIds) {
    sch::GetEventRequest request;
    request.set_event_id(id);
    LMSMAIL_ASSIGN_OR_RETURN(const sch::EventRecord record,
                             Call(*suite.scheduler, &SchedulerStub::GetEvent, request));
    if (record.state() == sch::EventRecord::STATE_FAILED) {
      return absl::InternalError(fmt::format("event {} failed: {}", id, record.detail()));
    }
    if (record.state() != sch::EventRecord::STATE_DONE) return false;
  }
  return true;
}

absl::StatusOr<bool> ReportsDone(Suite& suite) {
  LMSMAIL_ASSIGN_OR_RETURN(const auto runs, Call(*suite.reports, &ReportStub::ListWeeklyReportRuns,
                                                 report::v1::ListWeeklyReportRunsRequest()));
  if (runs.runs().empty()) return false;
  const report::v1::WeeklyReportRun& run = runs.runs(0);
  if (run.state() == report::v1::WeeklyReportRun::STATE_FAILED) {
    return absl::InternalError(fmt::format("{} failed: {}", run.name(), run.detail()));
  }
  return run.state() == report::v1::WeeklyReportRun::STATE_SUCCEEDED;
}

absl::StatusOr<bool> QueueEmpty(Suite& suite) {
  LMSMAIL_ASSIGN_OR_RETURN(
      const auto stats,
      Call(*suite.dispatch, &dispatch::v1::DispatchService::StubInterface::GetQueueStats,
           dispatch::v1::GetQueueStatsRequest()));
  for (const dispatch::v1::LaneStats& lane : stats.lanes()) {
    if (lane.due_count() + lane.waiting_count() + lane.in_flight_count() > 0) return false;
  }
  return true;
}

}  // namespace

absl::Status PlayScenarios(Suite& suite) {
  LMSMAIL_RETURN_IF_ERROR(ShortenCollectWindow(suite));
  LMSMAIL_ASSIGN_OR_RETURN(const auto published,
                           Call(*suite.scheduler, &SchedulerStub::PublishEvents, Events()));
  for (const auto& result : published.results()) {
    if (result.status().code() != 0) {
      return absl::InternalError(
          fmt::format("event {} was rejected: {}", result.event_id(), result.status().message()));
    }
  }
  return Call(*suite.reports, &ReportStub::GenerateWeeklyReports,
              report::v1::GenerateWeeklyReportsRequest())
      .status();
}

absl::Status WaitUntilDelivered(Suite& suite, absl::Duration timeout) {
  LMSMAIL_RETURN_IF_ERROR(WaitFor("the events", timeout, [&] { return EventsDone(suite); }));
  LMSMAIL_RETURN_IF_ERROR(
      WaitFor("the weekly reports", timeout, [&] { return ReportsDone(suite); }));
  return WaitFor("the queue to be empty", timeout, [&] { return QueueEmpty(suite); });
}

}  // namespace lmsmail::demo
