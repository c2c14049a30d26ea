#pragma once

#include "libs/status/error_details.h"
#include "services/scheduler/schedules/schedule.h"

namespace lmsmail::scheduler {

// Returns all violations; their fields are relative to the schedule.
Violations CheckSchedule(const Schedule& schedule);

}  // namespace lmsmail::scheduler
