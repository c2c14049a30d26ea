#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"

#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

TaskResult Done(std::string detail);
TaskResult Failed(std::string detail);
// Tries the task again at `until`. Not an error: something else has to happen first.
TaskResult Defer(std::string detail, absl::Time until);

// The decision needs facts that are about to be recorded.
TaskResult DeferUntilRecorded(const Task& task, absl::Time now);
// Tries the task again when one of the `facts` is known, or at its give_up_time.
TaskResult Wait(const Task& task, std::vector<std::string> facts);

// INVALID_ARGUMENT fails the task at once. After any other error the task is retried with backoff
// until its give_up_time.
TaskResult AfterError(const Task& task, const absl::Status& error, absl::Time now);

// When to retry after the current attempt.
absl::Time RetryTime(const Task& task, absl::Time now);

}  // namespace lmsmail::scheduler
