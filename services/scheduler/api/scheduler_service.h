#pragma once

#include "libs/audit/audit_handlers.h"
#include "libs/rpc/bound_service.h"
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "services/scheduler/api/automation_handlers.h"
#include "services/scheduler/api/event_handlers.h"
#include "services/scheduler/api/schedule_handlers.h"

namespace lmsmail::scheduler {

class SchedulerService final : public rpc::BoundService<v1::SchedulerService> {
 public:
  SchedulerService(rpc::CallRunner& runner, ScheduleHandlers& schedules, EventHandlers& events,
                   AutomationHandlers& automations, audit::AuditHandlers& audit);
};

}  // namespace lmsmail::scheduler
