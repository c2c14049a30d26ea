#pragma once

#include <algorithm>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

#include "libs/status/status_macros.h"

namespace lmsmail::chaos {

// Calls `action` every `interval`, or without a pause if it takes longer, until `length` has
// passed.
inline absl::Status Repeat(absl::Duration interval, absl::Duration length,
                           absl::FunctionRef<absl::Status()> action) {
  const absl::Time end = absl::Now() + length;
  for (absl::Time next = absl::Now(); next < end; next = std::max(next + interval, absl::Now())) {
    absl::SleepFor(next - absl::Now());
    LMSMAIL_RETURN_IF_ERROR(action());
  }
  absl::SleepFor(end - absl::Now());
  return absl::OkStatus();
}

}  // namespace lmsmail::chaos
