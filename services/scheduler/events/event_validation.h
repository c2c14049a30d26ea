#pragma once

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

namespace lmsmail::scheduler {

// LMSs write "no date" as 0: makes such a time absent.
void ClearUnsetTimes(v1::Event& event);

// Returns all violations of an event, with the protocol's field names. The limits include those of
// every fact that the event tells.
Violations CheckEvent(const v1::Event& event, absl::Time now);

}  // namespace lmsmail::scheduler
