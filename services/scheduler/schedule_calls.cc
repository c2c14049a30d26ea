#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/rpc/field_mask.h"
#include "libs/rpc/page.h"
#include "libs/rpc/time.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/convert.h"
#include "services/scheduler/resource_names.h"
#include "services/scheduler/scheduler_service.h"

namespace lmsmail::scheduler {
namespace {

constexpr rpc::PageSizes kPages{.default_size = 50, .max_size = 200};
constexpr int kStandardPreview = 5;
constexpr int kMostPreview = 100;
constexpr std::string_view kUpdatable[] = {"display_name",    "cron",  "time_zone", "catch_up",
                                           "catch_up_window", "action"};
constexpr std::string_view kOutputOnly[] = {
    "name", "state", "next_run_time", "last_run_time", "create_time", "update_time", "etag"};

// The id in `name`; empty, with a violation, when it has none.
std::string ScheduleId(const std::string& name, std::string_view field, Violations& violations) {
  if (auto id = ParseScheduleName(name)) return *std::move(id);
  violations.Add(std::string(field), "must be schedules/{schedule}: schedules/queue-sweep");
  return "";
}

absl::StatusOr<std::string> ScheduleId(const std::string& name, std::string_view field = "name") {
  Violations violations;
  std::string id = ScheduleId(name, field, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return id;
}

template <typename Result, typename Message>
absl::Status Answer(const absl::StatusOr<Result>& result, Message& response) {
  LMSMAIL_RETURN_IF_ERROR(result.status());
  ToProto(*result, response);
  return absl::OkStatus();
}

}  // namespace

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::CreateScheduleRequest& request,
                                          v1::Schedule& response) {
  Violations violations;
  Schedule schedule = FromProto(request.schedule(), violations);
  schedule.id = request.schedule_id();
  v1::CreateScheduleRequest body = request;
  body.clear_request_id();
  return Answer(parts_.schedules.Create(
                    std::move(schedule), RecordOf("CreateSchedule", request.request_id(), body),
                    request.validate_only(), std::move(violations), call.deadline),
                response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::GetScheduleRequest& request,
                                          v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Answer(parts_.schedules.Get(id, call.deadline), response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::ListSchedulesRequest& request,
                                          v1::ListSchedulesResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"schedules"}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(auto schedules,
                           parts_.schedules.List(page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(schedules, [](const Schedule& last) { return last.id; }));
  for (const Schedule& schedule : schedules) ToProto(schedule, *response.add_schedules());
  return absl::OkStatus();
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::UpdateScheduleRequest& request,
                                          v1::Schedule& response) {
  const v1::Schedule& message = request.schedule();
  Violations violations;
  const auto fields =
      rpc::FieldsToUpdate(request.update_mask(), message,
                          {.updatable = kUpdatable, .output_only = kOutputOnly}, violations);
  Schedule edit = FromProto(message, violations);
  edit.id = ScheduleId(message.name(), "schedule.name", violations);
  if (edit.id.empty()) return violations.ToStatus();
  return Answer(
      parts_.schedules.Update(edit, fields, message.etag(), std::move(violations), call.deadline),
      response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::DeleteScheduleRequest& request,
                                          google::protobuf::Empty&) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return parts_.schedules.Delete(id, request.etag(), call.deadline);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::PauseScheduleRequest& request,
                                          v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Answer(parts_.schedules.Pause(id, call.deadline), response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::ResumeScheduleRequest& request,
                                          v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Answer(parts_.schedules.Resume(id, call.deadline), response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::RunScheduleRequest& request,
                                          v1::ScheduleRun& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  v1::RunScheduleRequest body = request;
  body.clear_request_id();
  return Answer(
      parts_.schedules.Run(id, RecordOf("RunSchedule", request.request_id(), body), call.deadline),
      response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::ListScheduleRunsRequest& request,
                                          v1::ListScheduleRunsResponse& response) {
  Violations violations;
  const std::string id = ScheduleId(request.parent(), "parent", violations);
  const rpc::Page page(request, {"runs", request.parent()}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(
      auto runs, parts_.schedules.ListRuns(id, page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(runs, [](const ScheduleRun& last) { return last.id; }));
  for (const ScheduleRun& run : runs) ToProto(run, *response.add_runs());
  return absl::OkStatus();
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::PreviewScheduleRunsRequest& request,
                                          v1::PreviewScheduleRunsResponse& response) {
  Violations violations;
  PreviewQuery query{.cron = request.cron(), .after = parts_.clock.Now()};
  query.time_zone = request.time_zone().empty() ? "UTC" : request.time_zone();
  if (request.count() < 0) violations.Add("count", "must be 0 or more");
  query.count = request.count() == 0 ? kStandardPreview : std::min(request.count(), kMostPreview);
  if (!request.name().empty()) query.schedule_id = ScheduleId(request.name(), "name", violations);
  if (request.has_start_time()) {
    query.after = rpc::FromProto(request.start_time(), "start_time", violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const auto times, parts_.schedules.Preview(query, call.deadline));
  for (const absl::Time time : times) *response.add_run_times() = rpc::ToProto(time);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
