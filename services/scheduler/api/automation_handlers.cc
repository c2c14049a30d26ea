#include "services/scheduler/api/automation_handlers.h"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "libs/rpc/field_mask.h"
#include "libs/rpc/page.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/api/convert.h"
#include "services/scheduler/domain/resource_names.h"

namespace lmsmail::scheduler {
namespace {

constexpr rpc::PageSizes kPages{.default_size = 50, .max_size = 200};
constexpr std::string_view kUpdatable[] = {"display_name",   "audience", "template", "delay",
                                           "collect_window", "lane",     "enabled",  "unless"};
constexpr std::string_view kOutputOnly[] = {"name", "create_time", "update_time", "etag"};

// Returns the id in `name`; on error, adds a violation and returns an empty string.
std::string AutomationId(const std::string& name, std::string_view field, Violations& violations) {
  if (auto id = ParseAutomationName(name)) return *std::move(id);
  violations.Add(std::string(field),
                 "must be automations/{automation}, such as automations/enrollment");
  return "";
}

absl::StatusOr<std::string> AutomationId(const std::string& name) {
  Violations violations;
  std::string id = AutomationId(name, "name", violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  return id;
}

}  // namespace

absl::Status AutomationHandlers::ListAutomations(const rpc::CallInfo& call,
                                                 const v1::ListAutomationsRequest& request,
                                                 v1::ListAutomationsResponse& response) {
  Violations violations;
  const rpc::Page page(request, {"automations"}, kPages, violations);
  LMSMAIL_RETURN_IF_ERROR(violations.ToStatus());
  LMSMAIL_ASSIGN_OR_RETURN(auto automations,
                           automations_.List(page.after(), page.limit(), call.deadline));
  response.set_next_page_token(
      page.TrimToPage(automations, [](const Automation& last) { return last.id; }));
  for (const Automation& automation : automations) {
    ToProto(automation, *response.add_automations());
  }
  return absl::OkStatus();
}

absl::Status AutomationHandlers::GetAutomation(const rpc::CallInfo& call,
                                               const v1::GetAutomationRequest& request,
                                               v1::Automation& response) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, AutomationId(request.name()));
  return Respond(automations_.Get(id, call.deadline), response);
}

absl::Status AutomationHandlers::CreateAutomation(const rpc::CallInfo& call,
                                                  const v1::CreateAutomationRequest& request,
                                                  v1::Automation& response) {
  Violations violations;
  Automation automation = FromProto(request.automation(), violations);
  automation.id = request.automation_id();
  v1::CreateAutomationRequest body = request;
  body.clear_request_id();
  return Respond(automations_.Create(std::move(automation),
                                     RecordOf(call, "CreateAutomation", request.request_id(), body),
                                     request.validate_only(), std::move(violations), call.deadline),
                 response);
}

absl::Status AutomationHandlers::UpdateAutomation(const rpc::CallInfo& call,
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
  return Respond(automations_.Update(edit, fields, message.etag(), violations, call.deadline),
                 response);
}

absl::Status AutomationHandlers::DeleteAutomation(const rpc::CallInfo& call,
                                                  const v1::DeleteAutomationRequest& request,
                                                  google::protobuf::Empty&) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::string id, AutomationId(request.name()));
  return automations_.Delete(id, request.etag(), call.deadline);
}

}  // namespace lmsmail::scheduler
