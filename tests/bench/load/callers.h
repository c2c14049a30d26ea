#pragma once

#include <cstdint>
#include <functional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

// Starts call number `number` and returns. `done` is called once, from any thread.
using StartCall =
    std::function<void(std::int64_t number, absl::AnyInvocable<void(absl::Status)> done)>;

// Makes `count` calls from `callers` concurrent callers, each of which waits for the response
// before its next call. Stops at the first error.
absl::StatusOr<Report> CallInParallel(std::int64_t count, int callers, const StartCall& start);

// Starts a call every `interval`, however long the responses take. Stops at the first error.
absl::Status CallAtRate(std::int64_t count, absl::Duration interval, const StartCall& start);

}  // namespace lmsmail::bench
