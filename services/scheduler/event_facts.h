#pragma once

#include <string>

#include "absl/time/time.h"

#include "lmsmail/report/v1/report_service.pb.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/automation.h"

// What an event says, whatever its payload is.
namespace lmsmail::scheduler {

EventType TypeOf(const v1::Event& event);       // kUnspecified: no automation has it
std::string StudentOf(const v1::Event& event);  // recipients/{recipient}; empty when it has none
// Only the id where the event knows no more; empty when it is about no course.
v1::CourseRef CourseOf(const v1::Event& event);
absl::Time TimeOf(const v1::Event& event);

// What the report service is to learn from it. Each fact has an id made of the event's.
google::protobuf::RepeatedPtrField<report::v1::Activity> ActivitiesOf(const v1::Event& event);

}  // namespace lmsmail::scheduler
