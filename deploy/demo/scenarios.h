#pragma once

#include "absl/status/status.h"
#include "deploy/demo/suite.h"

namespace lmsmail::demo {

// Lets happen what causes the five mails: an enrolment, a demo class, a payment, two new videos and
// the end of a week. Repeating it within a week causes no further mail.
absl::Status PlayScenarios(Suite& suite);

// Until every event and the week's reports are done and no mail waits to be sent.
absl::Status WaitUntilDelivered(Suite& suite, absl::Duration timeout);

}  // namespace lmsmail::demo
