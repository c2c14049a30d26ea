#pragma once

#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

// The deadline of a store's call that a background worker makes now.
inline absl::Time StoreDeadline() { return absl::Now() + absl::Seconds(10); }

}  // namespace lmsmail::scheduler
