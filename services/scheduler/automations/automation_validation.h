#pragma once

#include "libs/status/error_details.h"
#include "services/scheduler/automations/automation.h"

namespace lmsmail::scheduler {

// Returns all violations; their fields are relative to the automation.
Violations CheckAutomation(const Automation& automation);

}  // namespace lmsmail::scheduler
