#pragma once

#include <optional>
#include <vector>

#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/report_service.h"

namespace lmsmail::scheduler {

// The facts about learning that the report service records from an event. Each has an id derived
// from the event's.
std::vector<Fact> FactsOf(const AcceptedEvent& accepted);

// What the event tells of a course; nullopt when that is nothing.
std::optional<CourseFact> CourseFactOf(const AcceptedEvent& accepted);

}  // namespace lmsmail::scheduler
