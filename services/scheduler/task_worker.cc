#include "services/scheduler/task_worker.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "libs/telemetry/logging.h"
#include "services/scheduler/task_result.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kBatch = 64;
// The part of a lease after which no task is begun, since it might outlast the rest.
constexpr double kLatestBegin = 0.4;
constexpr absl::Duration kStoreTimeout = absl::Seconds(10);

absl::Time StoreDeadline() { return absl::Now() + kStoreTimeout; }

}  // namespace

int TaskWorker::RunOnce() {
  if (stopping_) return 0;
  const absl::Time now = parts_.clock.Now();
  auto claimed = parts_.events.Claim(now, now + parts_.lease, kBatch, StoreDeadline());
  if (!claimed.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "tasks can't be claimed", {{"error", claimed.status()}});
    return 0;
  }
  std::vector<Task>& tasks = *claimed;
  const auto others = std::ranges::stable_partition(
      tasks, [](const Task& task) { return task.plan.kind == TaskKind::kRecord; });
  const std::span<const Task> facts(tasks.begin(), others.begin());
  if (!facts.empty()) {
    const std::vector<TaskResult> results = parts_.recorder.Record(facts);
    for (std::size_t i = 0; i < facts.size(); ++i) Settle(facts[i], results[i]);
  }
  for (const Task& task : others) Settle(task, WorkOn(task, now + parts_.lease));
  return static_cast<int>(tasks.size());
}

TaskResult TaskWorker::WorkOn(const Task& task, absl::Time lease_end) {
  const absl::Time now = parts_.clock.Now();
  if (stopping_ || now > lease_end - (1 - kLatestBegin) * parts_.lease) {
    return Wait("put back: this replica stops, or has too much to do", now);
  }
  if (task.plan.kind == TaskKind::kCancelMail) {
    return parts_.revoker.Revoke(task, StoreDeadline());
  }
  return parts_.mailer.Mail(task, [&] { return Hold(task); });
}

bool TaskWorker::Hold(const Task& task) {
  if (stopping_) return false;
  const auto held = parts_.events.Extend(task, parts_.clock.Now() + parts_.lease, StoreDeadline());
  return held.ok() && *held;
}

void TaskWorker::Settle(const Task& task, const TaskResult& result) {
  const telemetry::Counter& counter = result.state == TaskState::kDone ? parts_.metrics.tasks_done
                                      : result.state == TaskState::kFailed
                                          ? parts_.metrics.tasks_failed
                                          : parts_.metrics.tasks_retried;
  counter.Increment();
  if (result.state == TaskState::kFailed) {
    telemetry::LogWarning("task of an event failed", {{"task", task.id},
                                                      {"automation", task.plan.automation_id},
                                                      {"attempts", task.attempts},
                                                      {"detail", result.detail}});
  }
  const absl::Status settled = parts_.events.Settle(task, result, StoreDeadline());
  if (!settled.ok()) {
    // Its lease ends and it is done again, which its keys make harmless.
    telemetry::LogWarning("task can't be settled", {{"task", task.id}, {"error", settled}});
  }
}

}  // namespace lmsmail::scheduler
