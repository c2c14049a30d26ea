#pragma once

#include <google/protobuf/message.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "libs/rpc/call_info.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/automations/automation.h"
#include "services/scheduler/schedules/schedule.h"
#include "services/scheduler/storage/event_store.h"
#include "services/scheduler/storage/request_store.h"

// Converts between the protocol's messages and the domain's types. Violations have the field paths
// of requests that contain a schedule or an automation. Durations are truncated to seconds.
namespace lmsmail::scheduler {

// Ignore the name and output-only fields.
Schedule FromProto(const v1::Schedule& message, Violations& violations);
Automation FromProto(const v1::Automation& message, Violations& violations);

void ToProto(const Schedule& schedule, v1::Schedule& message);
void ToProto(const ScheduleRun& run, v1::ScheduleRun& message);
void ToProto(const Automation& automation, v1::Automation& message);
void ToProto(const StoredEvent& event, v1::EventRecord& message);

EventQuery QueryFromProto(const v1::ListEventsRequest& request, Violations& violations);

// Converts a result into the response of a call.
template <typename Result, typename Message>
absl::Status Respond(const absl::StatusOr<Result>& result, Message& response) {
  LMSMAIL_RETURN_IF_ERROR(result.status());
  ToProto(*result, response);
  return absl::OkStatus();
}

// `body` is the request without its request id.
RequestRecord RecordOf(const rpc::CallInfo& call, std::string method, const std::string& request_id,
                       const google::protobuf::Message& body);

}  // namespace lmsmail::scheduler
