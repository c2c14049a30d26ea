#pragma once

#include <vector>

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/domain/report_service.h"

namespace lmsmail::scheduler {

// The facts about learning that the report service records from an event. Each has an id derived
// from the event's.
std::vector<Fact> FactsOf(const v1::Event& event);

}  // namespace lmsmail::scheduler
