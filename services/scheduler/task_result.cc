#include "services/scheduler/task_result.h"

#include <fmt/format.h>

#include <utility>

#include "libs/retry/backoff.h"
#include "libs/strings/view.h"

namespace lmsmail::scheduler {
namespace {

constexpr retry::BackoffPolicy kBackoff{absl::Seconds(2), absl::Minutes(15)};

}  // namespace

TaskResult Done(std::string detail) {
  return {.state = TaskState::kDone, .detail = std::move(detail)};
}

TaskResult Failed(std::string detail) {
  return {.state = TaskState::kFailed, .detail = std::move(detail)};
}

TaskResult Wait(std::string detail, absl::Time until) {
  return {.state = TaskState::kPending, .detail = std::move(detail), .retry_time = until};
}

absl::Time RetryTime(int attempts, absl::Time now) {
  return now + retry::Backoff(kBackoff, attempts);
}

TaskResult AfterError(const Task& task, const absl::Status& error, absl::Time now) {
  const std::string_view message = ToStd(error.message());
  if (absl::IsInvalidArgument(error)) return Failed(fmt::format("refused: {}", message));
  const std::string what = fmt::format("{}: {}", absl::StatusCodeToString(error.code()), message);
  if (now >= task.give_up_time) {
    return Failed(fmt::format("given up after {} attempts, the last: {}", task.attempts, what));
  }
  return Wait(fmt::format("attempt {} failed: {}", task.attempts, what),
              RetryTime(task.attempts, now));
}

}  // namespace lmsmail::scheduler
