#pragma once

#include "absl/status/status.h"

namespace lmsmail {

// Whether the same call may succeed when it is made again later: the callee is down, overloaded or
// slow, the call lost a race, or the reply was lost.
//
// UNKNOWN counts as transient because a lost reply to COMMIT has this code; what is repeated must
// therefore be idempotent. INTERNAL does not: it is a bug or a broken invariant, and the same call
// fails again. A caller that must not lose work to the bug of a peer tests for INTERNAL itself.
bool IsTransient(const absl::Status& status);

}  // namespace lmsmail
