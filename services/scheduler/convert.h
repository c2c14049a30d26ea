#pragma once

#include <google/protobuf/message.h>

#include <cstdint>
#include <string>

#include "libs/status/error_details.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/automation.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/request_store.h"
#include "services/scheduler/schedule.h"

// Between the protocol's messages and the domain's types. Faults are added to `violations` with
// the fields of requests that hold a schedule or an automation. Durations are kept to the second.
namespace lmsmail::scheduler {

// Without name and output-only fields.
Schedule FromProto(const v1::Schedule& message, Violations& violations);
Automation FromProto(const v1::Automation& message, Violations& violations);

void ToProto(const Schedule& schedule, v1::Schedule& message);
void ToProto(const ScheduleRun& run, v1::ScheduleRun& message);
void ToProto(const Automation& automation, v1::Automation& message);
void ToProto(const StoredEvent& event, v1::EventRecord& message);

// `body` is the request with its request id cleared.
RequestRecord RecordOf(std::string method, const std::string& request_id,
                       const google::protobuf::Message& body);

}  // namespace lmsmail::scheduler
