#include "services/scheduler/events/task_worker.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <vector>

#include "libs/telemetry/logging.h"
#include "libs/tracing/span.h"
#include "services/scheduler/domain/task_result.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kBatch = 64;
// No task is started after this part of the lease, because it might outlast the lease.
constexpr double kLatestStart = 0.4;

}  // namespace

bool TaskWorker::RunOnce() {
  if (stopping_) return false;
  const absl::Time now = deps_.clock.Now();
  auto claimed = deps_.events.Claim(now, now + deps_.lease, kBatch, StoreDeadline());
  if (!claimed.ok()) {
    static telemetry::LogEvery every(absl::Seconds(10));
    every.Log(telemetry::Level::kWarning, "cannot claim tasks", {{"error", claimed.status()}});
    return false;
  }
  std::vector<Task>& tasks = *claimed;
  const auto others = std::ranges::stable_partition(
      tasks, [](const Task& task) { return task.plan.kind == TaskKind::kRecord; });
  const std::span<const Task> record_tasks(tasks.begin(), others.begin());
  if (!record_tasks.empty()) {
    const std::vector<TaskResult> results = deps_.recorder.Record(record_tasks);
    for (std::size_t i = 0; i < record_tasks.size(); ++i) Settle(record_tasks[i], results[i]);
  }
  for (const Task& task : others) Settle(task, Execute(task, now + deps_.lease));
  return !tasks.empty();
}

TaskResult TaskWorker::Execute(const Task& task, absl::Time lease_end) {
  const absl::Time now = deps_.clock.Now();
  if (stopping_ || now > lease_end - (1 - kLatestStart) * deps_.lease) {
    return Defer("released: this replica stops, or has too much to do", now);
  }
  // The calls that follow are below it.
  tracing::Span span(task.plan.kind == TaskKind::kCancelMail ? "cancel mail" : "submit mail",
                     tracing::SpanKind::kConsumer, task.plan.traceparent);
  span.SetAttribute("lmsmail.automation", task.plan.automation_id);
  span.SetAttribute("lmsmail.attempt", task.attempts);
  const tracing::Scope scope(span.traceparent());
  if (task.plan.kind == TaskKind::kCancelMail) {
    return deps_.canceller.Cancel(task, StoreDeadline());
  }
  return deps_.mailer.Mail(task, [&] { return ExtendLease(task); });
}

bool TaskWorker::ExtendLease(const Task& task) {
  if (stopping_) return false;
  const auto extended = deps_.events.Extend(task, deps_.clock.Now() + deps_.lease, StoreDeadline());
  return extended.ok() && *extended;
}

void TaskWorker::Settle(const Task& task, const TaskResult& result) {
  const telemetry::Counter& counter = result.state == TaskState::kDone ? deps_.metrics.tasks_done
                                      : result.state == TaskState::kFailed
                                          ? deps_.metrics.tasks_failed
                                          : deps_.metrics.tasks_retried;
  counter.Increment();
  if (result.state == TaskState::kFailed) {
    telemetry::LogWarning("event task failed", {{"task", task.id},
                                                {"automation", task.plan.automation_id},
                                                {"attempts", task.attempts},
                                                {"traceparent", task.plan.traceparent},
                                                {"detail", result.detail}});
  }
  const absl::Status settled = deps_.events.Settle(task, result, StoreDeadline());
  if (!settled.ok()) {
    // The task is executed again when its lease ends; its keys prevent duplicates.
    telemetry::LogWarning("cannot settle task", {{"task", task.id}, {"error", settled}});
  }
}

}  // namespace lmsmail::scheduler
