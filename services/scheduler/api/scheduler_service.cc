#include "services/scheduler/api/scheduler_service.h"

namespace lmsmail::scheduler {

SchedulerService::SchedulerService(rpc::CallRunner& runner, ScheduleHandlers& schedules,
                                   EventHandlers& events, AutomationHandlers& automations,
                                   audit::AuditHandlers& audit)
    : BoundService(runner) {
  Bind("CreateSchedule", schedules, &ScheduleHandlers::CreateSchedule);
  Bind("GetSchedule", schedules, &ScheduleHandlers::GetSchedule);
  Bind("ListSchedules", schedules, &ScheduleHandlers::ListSchedules);
  Bind("UpdateSchedule", schedules, &ScheduleHandlers::UpdateSchedule);
  Bind("DeleteSchedule", schedules, &ScheduleHandlers::DeleteSchedule);
  Bind("PauseSchedule", schedules, &ScheduleHandlers::PauseSchedule);
  Bind("ResumeSchedule", schedules, &ScheduleHandlers::ResumeSchedule);
  Bind("RunSchedule", schedules, &ScheduleHandlers::RunSchedule);
  Bind("ListScheduleRuns", schedules, &ScheduleHandlers::ListScheduleRuns);
  Bind("PreviewScheduleRuns", schedules, &ScheduleHandlers::PreviewScheduleRuns);
  Bind("PublishEvents", events, &EventHandlers::PublishEvents);
  Bind("GetEvent", events, &EventHandlers::GetEvent);
  Bind("ListAutomations", automations, &AutomationHandlers::ListAutomations);
  Bind("GetAutomation", automations, &AutomationHandlers::GetAutomation);
  Bind("CreateAutomation", automations, &AutomationHandlers::CreateAutomation);
  Bind("UpdateAutomation", automations, &AutomationHandlers::UpdateAutomation);
  Bind("DeleteAutomation", automations, &AutomationHandlers::DeleteAutomation);
  Bind("ListAuditEvents", audit, &audit::AuditHandlers::ListAuditEvents);
}

}  // namespace lmsmail::scheduler
