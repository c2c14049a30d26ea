#include "services/scheduler/events/task_worker.h"

#include <algorithm>
#include <iterator>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "libs/telemetry/logging.h"
#include "libs/tracing/span.h"
#include "services/scheduler/domain/awaited_fact.h"
#include "services/scheduler/domain/task_result.h"
#include "services/scheduler/events/event_facts.h"
#include "services/scheduler/events/event_id.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kBatch = 64;
// No task is started after this part of the lease, because it might outlast the lease.
constexpr double kLatestStart = 0.4;

// The ids of the task's first events, as in its keys.
std::string EventIdsOf(const Task& task) {
  constexpr std::size_t kMaxIds = 5;
  std::string ids;
  for (const AcceptedEvent& event : task.events) {
    if (&event - task.events.data() == kMaxIds) return ids + " ...";
    if (!ids.empty()) ids += ' ';
    ids += PrintableEventId(event.event.event_id());
  }
  return ids;
}

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
    WakeMail(record_tasks, results);
  }
  for (const Task& task : others) Settle(task, Execute(task, now + deps_.lease));
  return !tasks.empty();
}

// What was recorded may be what mail waits for. FactWatch makes up for an error.
void TaskWorker::WakeMail(std::span<const Task> recorded, const std::vector<TaskResult>& results) {
  std::vector<std::string> told;
  for (std::size_t i = 0; i < recorded.size(); ++i) {
    if (results[i].state != TaskState::kDone) continue;
    for (const AcceptedEvent& event : recorded[i].events) {
      const auto fact = CourseFactOf(event);
      if (!fact) continue;
      for (std::string& name : FactsToldBy(fact->course)) told.push_back(std::move(name));
    }
  }
  if (!told.empty()) deps_.events.Wake(told, deps_.clock.Now(), StoreDeadline()).IgnoreError();
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
  span.SetAttribute("lmsmail.event", EventIdsOf(task));
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
  if (result.state == TaskState::kWaiting) {
    telemetry::LogInfo(
        "event waits",
        {{"event_id", EventIdsOf(task)}, {"task", task.id}, {"detail", result.detail}});
  }
  if (result.state == TaskState::kFailed) {
    telemetry::LogWarning("event task failed", {{"event_id", EventIdsOf(task)},
                                                {"task", task.id},
                                                {"automation", task.plan.automation_id},
                                                {"attempts", task.attempts},
                                                {"traceparent", task.plan.traceparent},
                                                {"detail", result.detail}});
  }
  const absl::Status settled = deps_.events.Settle(task, result, StoreDeadline());
  if (!settled.ok()) {
    // The task is executed again when its lease ends; its keys prevent duplicates.
    telemetry::LogWarning("cannot settle task",
                          {{"event_id", EventIdsOf(task)}, {"task", task.id}, {"error", settled}});
  }
}

}  // namespace lmsmail::scheduler
