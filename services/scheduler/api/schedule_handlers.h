#pragma once

#include <google/protobuf/empty.pb.h>

#include "absl/status/status.h"

#include "libs/clock/clock.h"
#include "libs/rpc/call_info.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/schedules/schedule_registry.h"

namespace lmsmail::scheduler {

// The methods for schedules and their runs. Thread-safe.
class ScheduleHandlers {
 public:
  ScheduleHandlers(ScheduleRegistry& schedules, const Clock& clock)
      : schedules_(schedules), clock_(clock) {}

  absl::Status CreateSchedule(const rpc::CallInfo& call, const v1::CreateScheduleRequest& request,
                              v1::Schedule& response);
  absl::Status GetSchedule(const rpc::CallInfo& call, const v1::GetScheduleRequest& request,
                           v1::Schedule& response);
  absl::Status ListSchedules(const rpc::CallInfo& call, const v1::ListSchedulesRequest& request,
                             v1::ListSchedulesResponse& response);
  absl::Status UpdateSchedule(const rpc::CallInfo& call, const v1::UpdateScheduleRequest& request,
                              v1::Schedule& response);
  absl::Status DeleteSchedule(const rpc::CallInfo& call, const v1::DeleteScheduleRequest& request,
                              google::protobuf::Empty& response);
  absl::Status PauseSchedule(const rpc::CallInfo& call, const v1::PauseScheduleRequest& request,
                             v1::Schedule& response);
  absl::Status ResumeSchedule(const rpc::CallInfo& call, const v1::ResumeScheduleRequest& request,
                              v1::Schedule& response);
  absl::Status RunSchedule(const rpc::CallInfo& call, const v1::RunScheduleRequest& request,
                           v1::ScheduleRun& response);
  absl::Status ListScheduleRuns(const rpc::CallInfo& call,
                                const v1::ListScheduleRunsRequest& request,
                                v1::ListScheduleRunsResponse& response);
  absl::Status PreviewScheduleRuns(const rpc::CallInfo& call,
                                   const v1::PreviewScheduleRunsRequest& request,
                                   v1::PreviewScheduleRunsResponse& response);

 private:
  ScheduleRegistry& schedules_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
