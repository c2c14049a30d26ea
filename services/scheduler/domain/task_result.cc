#include "services/scheduler/domain/task_result.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

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

TaskResult DeferUntilRecorded(const Task& task, absl::Time now) {
  constexpr int kQuickAttempts = 3;  // more are needed only while the report service is away
  return Defer("what earlier events told is being recorded",
               task.attempts <= kQuickAttempts ? now + absl::Seconds(1) : RetryTime(task, now));
}

TaskResult Wait(const Task& task, std::vector<std::string> facts) {
  std::string detail =
      fmt::format("waits until {} for {}",
                  absl::FormatTime(absl::RFC3339_sec, task.plan.give_up_time, absl::UTCTimeZone()),
                  fmt::join(facts, ", "));
  return {.state = TaskState::kWaiting,
          .detail = std::move(detail),
          .retry_time = task.plan.give_up_time,
          .waits_for = std::move(facts)};
}

absl::Time RetryTime(const Task& task, absl::Time now) {
  return now +
         retry::BackoffWithJitter(kBackoff, task.attempts, static_cast<std::uint64_t>(task.id));
}

TaskResult AfterError(const Task& task, const absl::Status& error, absl::Time now) {
  const std::string_view message = ToStd(error.message());
  if (absl::IsInvalidArgument(error)) return Failed(fmt::format("rejected: {}", message));
  const std::string cause = fmt::format("{}: {}", absl::StatusCodeToString(error.code()), message);
  if (now >= task.plan.give_up_time) {
    return Failed(fmt::format("given up after {} attempts: {}", task.attempts, cause));
  }
  return Defer(fmt::format("attempt {} failed: {}", task.attempts, cause), RetryTime(task, now));
}

}  // namespace lmsmail::scheduler
