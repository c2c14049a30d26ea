#pragma once

#include <google/protobuf/empty.pb.h>

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/automations/automation_registry.h"

namespace lmsmail::scheduler {

// The methods for automations. Thread-safe.
class AutomationHandlers {
 public:
  explicit AutomationHandlers(AutomationRegistry& automations) : automations_(automations) {}

  absl::Status ListAutomations(const rpc::CallInfo& call, const v1::ListAutomationsRequest& request,
                               v1::ListAutomationsResponse& response);
  absl::Status GetAutomation(const rpc::CallInfo& call, const v1::GetAutomationRequest& request,
                             v1::Automation& response);
  absl::Status CreateAutomation(const rpc::CallInfo& call,
                                const v1::CreateAutomationRequest& request,
                                v1::Automation& response);
  absl::Status UpdateAutomation(const rpc::CallInfo& call,
                                const v1::UpdateAutomationRequest& request,
                                v1::Automation& response);
  absl::Status DeleteAutomation(const rpc::CallInfo& call,
                                const v1::DeleteAutomationRequest& request,
                                google::protobuf::Empty& response);

 private:
  AutomationRegistry& automations_;
};

}  // namespace lmsmail::scheduler
