#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/rpc/field_mask.h"
#include "libs/rpc/page_token.h"
#include "libs/status/fault.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/convert.h"
#include "services/scheduler/resource_names.h"
#include "services/scheduler/scheduler_service.h"

namespace lmsmail::scheduler {
namespace {

constexpr rpc::PageSizes kPages{.standard = 50, .most = 200};
constexpr std::string_view kUpdatable[] = {"display_name",   "audience", "template", "delay",
                                           "collect_window", "lane",     "enabled"};
constexpr std::string_view kOutputOnly[] = {"name", "create_time", "update_time", "etag"};

// The id in `name`; empty, with a violation, when it has none.
std::string AutomationId(const std::string& name, std::string_view field, Violations& violations) {
  if (auto id = ParseAutomationName(name)) return *std::move(id);
  violations.Add(std::string(field), "must be automations/{automation}: automations/enrollment");
  return "";
}

absl::StatusOr<std::string> AutomationId(const std::string& name) {
  Violations violations;
  std::string id = AutomationId(name, "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return id;
}

absl::Status Answer(const absl::StatusOr<Automation>& automation, v1::Automation& response) {
  LMSMAIL_RETURN_IF_ERROR(automation.status());
  ToProto(*automation, response);
  return absl::OkStatus();
}

}  // namespace

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::ListAutomationsRequest& request,
                                          v1::ListAutomationsResponse& response) {
  const rpc::PageQuery query = {"automations"};
  Violations violations;
  const int size = rpc::PageSize(request.page_size(), kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(const rpc::PageCursor cursor,
                           rpc::ParsePageToken(query, request.page_token()));
  LMSMAIL_ASSIGN_OR_RETURN(
      auto automations,
      parts_.automations.List(cursor.empty() ? "" : cursor.front(), size + 1, call.deadline));
  if (static_cast<int>(automations.size()) > size) {
    automations.pop_back();
    response.set_next_page_token(rpc::MakePageToken(query, {automations.back().id}));
  }
  for (const Automation& automation : automations) {
    ToProto(automation, *response.add_automations());
  }
  return absl::OkStatus();
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::GetAutomationRequest& request,
                                          v1::Automation& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, AutomationId(request.name()));
  return Answer(parts_.automations.Get(id, call.deadline), response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::CreateAutomationRequest& request,
                                          v1::Automation& response) {
  Violations violations;
  Automation automation = FromProto(request.automation(), violations);
  automation.id = request.automation_id();
  v1::CreateAutomationRequest body = request;
  body.clear_request_id();
  return Answer(parts_.automations.Create(
                    std::move(automation), RecordOf("CreateAutomation", request.request_id(), body),
                    request.validate_only(), std::move(violations), call.deadline),
                response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::UpdateAutomationRequest& request,
                                          v1::Automation& response) {
  const v1::Automation& message = request.automation();
  Violations violations;
  const auto fields =
      rpc::FieldsToUpdate(request.update_mask(), message,
                          {.updatable = kUpdatable, .output_only = kOutputOnly}, violations);
  Automation edit = FromProto(message, violations);
  edit.id = AutomationId(message.name(), "automation.name", violations);
  if (edit.id.empty()) return violations.ToStatus();
  return Answer(
      parts_.automations.Update(edit, fields, message.etag(), std::move(violations), call.deadline),
      response);
}

absl::Status SchedulerServiceImpl::Handle(const rpc::CallInfo& call,
                                          const v1::DeleteAutomationRequest& request,
                                          google::protobuf::Empty&) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, AutomationId(request.name()));
  return parts_.automations.Delete(id, request.etag(), call.deadline);
}

}  // namespace lmsmail::scheduler
