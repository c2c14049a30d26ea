#pragma once

#include "absl/status/status.h"
#include "deploy/demo/suite.h"

namespace lmsmail::demo {

// Causes the five kinds of mail: publishes an enrolment, a demo class, a payment and two new
// videos, and generates the weekly reports. Repeating it within a week causes no further mail.
absl::Status PlayScenarios(Suite& suite);

// Waits until the events and the weekly reports are processed and the queue is empty.
absl::Status WaitUntilDelivered(Suite& suite, absl::Duration timeout);

}  // namespace lmsmail::demo
