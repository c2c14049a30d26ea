#pragma once

#include "libs/status/error_details.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

namespace lmsmail::scheduler {

// Returns all violations of an event, with the protocol's field names.
Violations CheckEvent(const v1::Event& event);

}  // namespace lmsmail::scheduler
