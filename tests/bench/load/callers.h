#pragma once

#include <cstdint>
#include <functional>

#include "absl/functional/any_invocable.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/bench/load/report.h"

namespace lmsmail::bench {

// Starts call number `number` and returns; `done` is called once from any thread.
using StartCall =
    std::function<void(std::int64_t number, absl::AnyInvocable<void(absl::Status)> done)>;

// Makes `count` calls as `callers` do who each wait for the answer before they call again. The
// first error ends it.
absl::StatusOr<Report> CallInParallel(std::int64_t count, int callers, const StartCall& start);

// Makes calls at a steady rate, however long their answers take. The first error ends it.
absl::Status CallSteadily(std::int64_t count, absl::Duration interval, const StartCall& start);

}  // namespace lmsmail::bench
