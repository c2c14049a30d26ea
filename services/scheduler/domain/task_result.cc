#include "services/scheduler/domain/task_result.h"

#include <fmt/format.h>

#include <cstdint>
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

TaskResult Defer(std::string detail, absl::Time until) {
  return {.state = TaskState::kPending, .detail = std::move(detail), .retry_time = until};
}

absl::Time RetryTime(const Task& task, absl::Time now) {
  return now +
         retry::BackoffWithJitter(kBackoff, task.attempts, static_cast<std::uint64_t>(task.id));
}

TaskResult AfterError(const Task& task, const absl::Status& error, absl::Time now) {
  const std::string_view message = ToStd(error.message());
  if (absl::IsInvalidArgument(error)) return Failed(fmt::format("rejected: {}", message));
  const std::string cause = fmt::format("{}: {}", absl::StatusCodeToString(error.code()), message);
  if (now >= task.give_up_time) {
    return Failed(fmt::format("given up after {} attempts: {}", task.attempts, cause));
  }
  return Defer(fmt::format("attempt {} failed: {}", task.attempts, cause), RetryTime(task, now));
}

}  // namespace lmsmail::scheduler
