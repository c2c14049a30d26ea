#pragma once

#include <grpcpp/server_context.h>
#include <grpcpp/support/server_callback.h>

#include "absl/status/status.h"

#include "libs/rpc/call_info.h"
#include "libs/rpc/call_runner.h"
#include "lmsmail/scheduler/v1/scheduler_service.grpc.pb.h"
#include "services/scheduler/automation_registry.h"
#include "services/scheduler/event_intake.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/schedule_registry.h"

namespace lmsmail::scheduler {

// The protocol over the domain. Calls are handled in schedule_calls.cc, event_calls.cc and
// automation_calls.cc.
class SchedulerServiceImpl final : public v1::SchedulerService::CallbackService {
 public:
  // Outlive the service.
  struct Parts {
    ScheduleRegistry& schedules;
    AutomationRegistry& automations;
    EventIntake& intake;
    EventStore& events;
    const Clock& clock;
  };
  SchedulerServiceImpl(rpc::CallRunner& runner, const Parts& parts)
      : runner_(runner), parts_(parts) {}

#define LMSMAIL_SCHEDULER_METHOD(Name, Response)                                                  \
  grpc::ServerUnaryReactor* Name(grpc::CallbackServerContext* context,                            \
                                 const v1::Name##Request* request, Response* response) override { \
    return runner_.Run(context, "lmsmail.scheduler.v1.SchedulerService/" #Name,                   \
                       [this, request, response](const rpc::CallInfo& call) {                     \
                         return Handle(call, *request, *response);                                \
                       });                                                                        \
  }                                                                                               \
                                                                                                  \
 private:                                                                                         \
  absl::Status Handle(const rpc::CallInfo& call, const v1::Name##Request& request,                \
                      Response& response);                                                        \
                                                                                                  \
 public:
  LMSMAIL_SCHEDULER_METHOD(CreateSchedule, v1::Schedule)
  LMSMAIL_SCHEDULER_METHOD(GetSchedule, v1::Schedule)
  LMSMAIL_SCHEDULER_METHOD(ListSchedules, v1::ListSchedulesResponse)
  LMSMAIL_SCHEDULER_METHOD(UpdateSchedule, v1::Schedule)
  LMSMAIL_SCHEDULER_METHOD(DeleteSchedule, google::protobuf::Empty)
  LMSMAIL_SCHEDULER_METHOD(PauseSchedule, v1::Schedule)
  LMSMAIL_SCHEDULER_METHOD(ResumeSchedule, v1::Schedule)
  LMSMAIL_SCHEDULER_METHOD(RunSchedule, v1::ScheduleRun)
  LMSMAIL_SCHEDULER_METHOD(ListScheduleRuns, v1::ListScheduleRunsResponse)
  LMSMAIL_SCHEDULER_METHOD(PreviewScheduleRuns, v1::PreviewScheduleRunsResponse)
  LMSMAIL_SCHEDULER_METHOD(PublishEvents, v1::PublishEventsResponse)
  LMSMAIL_SCHEDULER_METHOD(GetEvent, v1::EventRecord)
  LMSMAIL_SCHEDULER_METHOD(ListAutomations, v1::ListAutomationsResponse)
  LMSMAIL_SCHEDULER_METHOD(GetAutomation, v1::Automation)
  LMSMAIL_SCHEDULER_METHOD(CreateAutomation, v1::Automation)
  LMSMAIL_SCHEDULER_METHOD(UpdateAutomation, v1::Automation)
  LMSMAIL_SCHEDULER_METHOD(DeleteAutomation, google::protobuf::Empty)
#undef LMSMAIL_SCHEDULER_METHOD

 private:
  rpc::CallRunner& runner_;
  const Parts parts_;
};

}  // namespace lmsmail::scheduler
