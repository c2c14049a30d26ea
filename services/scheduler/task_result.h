#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

TaskResult Done(std::string detail);
TaskResult Failed(std::string detail);
// Later, without an error: something must happen first.
TaskResult Wait(std::string detail, absl::Time until);

// After `error`: failed at once when the request was at fault, else tried again, ever more rarely,
// until the task's time is over.
TaskResult AfterError(const Task& task, const absl::Status& error, absl::Time now);

// When to try again after `attempts` attempts.
absl::Time RetryTime(int attempts, absl::Time now);

}  // namespace lmsmail::scheduler
