#include "services/scheduler/api/schedule_handlers.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/protobuf/time.h"
#include "libs/rpc/field_mask.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/api/convert.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr rpc::PageSizes kPages{.default_size = 50, .max_size = 200};
constexpr int kDefaultPreview = 5;
constexpr int kMaxPreview = 100;
constexpr std::string_view kUpdatable[] = {"display_name",    "cron",   "time_zone", "catch_up",
                                           "catch_up_window", "action", "local_time"};
constexpr std::string_view kOutputOnly[] = {
    "name", "state", "next_run_time", "last_run_time", "create_time", "update_time", "etag"};

// Returns the id in `name`; on error, adds a violation and returns an empty string.
std::string ScheduleId(const std::string& name, std::string_view field, Violations& violations) {
  if (auto id = ParseScheduleName(name)) return *std::move(id);
  violations.Add(std::string(field), "must be schedules/{schedule}, such as schedules/queue-sweep");
  return "";
}

absl::StatusOr<std::string> ScheduleId(const std::string& name, std::string_view field = "name") {
  Violations violations;
  std::string id = ScheduleId(name, field, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return id;
}

}  // namespace

absl::Status ScheduleHandlers::CreateSchedule(const rpc::CallInfo& call,
                                              const v1::CreateScheduleRequest& request,
                                              v1::Schedule& response) {
  Violations violations;
  Schedule schedule = FromProto(request.schedule(), violations);
  schedule.id = request.schedule_id();
  v1::CreateScheduleRequest body = request;
  body.clear_request_id();
  return Respond(schedules_.Create(std::move(schedule),
                                   RecordOf(call, "CreateSchedule", request.request_id(), body),
                                   request.validate_only(), std::move(violations), call.deadline),
                 response);
}

absl::Status ScheduleHandlers::GetSchedule(const rpc::CallInfo& call,
                                           const v1::GetScheduleRequest& request,
                                           v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Respond(schedules_.Get(id, call.deadline), response);
}

absl::Status ScheduleHandlers::ListSchedules(const rpc::CallInfo& call,
                                             const v1::ListSchedulesRequest& request,
                                             v1::ListSchedulesResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"schedules"}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(auto schedules,
                           schedules_.List(page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(schedules, [](const Schedule& last) { return last.id; }));
  for (const Schedule& schedule : schedules) ToProto(schedule, *response.add_schedules());
  return absl::OkStatus();
}

absl::Status ScheduleHandlers::UpdateSchedule(const rpc::CallInfo& call,
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
  return Respond(schedules_.Update(edit, fields, message.etag(), violations, call.deadline),
                 response);
}

absl::Status ScheduleHandlers::DeleteSchedule(const rpc::CallInfo& call,
                                              const v1::DeleteScheduleRequest& request,
                                              google::protobuf::Empty&) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return schedules_.Delete(id, request.etag(), call.deadline);
}

absl::Status ScheduleHandlers::PauseSchedule(const rpc::CallInfo& call,
                                             const v1::PauseScheduleRequest& request,
                                             v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Respond(schedules_.SetPaused(id, true, call.deadline), response);
}

absl::Status ScheduleHandlers::ResumeSchedule(const rpc::CallInfo& call,
                                              const v1::ResumeScheduleRequest& request,
                                              v1::Schedule& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  return Respond(schedules_.SetPaused(id, false, call.deadline), response);
}

absl::Status ScheduleHandlers::RunSchedule(const rpc::CallInfo& call,
                                           const v1::RunScheduleRequest& request,
                                           v1::ScheduleRun& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, ScheduleId(request.name()));
  v1::RunScheduleRequest body = request;
  body.clear_request_id();
  return Respond(
      schedules_.Run(id, RecordOf(call, "RunSchedule", request.request_id(), body), call.deadline),
      response);
}

absl::Status ScheduleHandlers::ListScheduleRuns(const rpc::CallInfo& call,
                                                const v1::ListScheduleRunsRequest& request,
                                                v1::ListScheduleRunsResponse& response) {
  Violations violations;
  const std::string id = ScheduleId(request.parent(), "parent", violations);
  const rpc::Page page(request, {"runs", request.parent()}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(auto runs,
                           schedules_.ListRuns(id, page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(runs, [](const ScheduleRun& last) { return last.id; }));
  for (const ScheduleRun& run : runs) ToProto(run, *response.add_runs());
  return absl::OkStatus();
}

absl::Status ScheduleHandlers::PreviewScheduleRuns(const rpc::CallInfo& call,
                                                   const v1::PreviewScheduleRunsRequest& request,
                                                   v1::PreviewScheduleRunsResponse& response) {
  Violations violations;
  PreviewQuery query{.cron = request.cron(), .after = clock_.Now()};
  query.time_zone = request.time_zone();
  if (request.count() < 0) violations.Add("count", "must be 0 or more");
  query.count = request.count() == 0 ? kDefaultPreview : std::min(request.count(), kMaxPreview);
  if (!request.name().empty()) query.schedule_id = ScheduleId(request.name(), "name", violations);
  if (request.has_start_time()) {
    query.after = protobuf::FromProto(request.start_time(), "start_time", violations);
  }
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const auto times, schedules_.Preview(query, call.deadline));
  for (const absl::Time time : times) *response.add_run_times() = protobuf::ToProto(time);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
