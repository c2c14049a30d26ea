#pragma once

#include <atomic>
#include <span>
#include <vector>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/automations/automation_mailer.h"
#include "services/scheduler/automations/mail_canceller.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/domain/task.h"
#include "services/scheduler/events/fact_recorder.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Executes the tasks of events. Any number of threads in any number of replicas may run
// concurrently. Thread-safe.
class TaskWorker {
 public:
  struct Dependencies {
    EventStore& events;
    FactRecorder& recorder;
    AutomationMailer& mailer;
    MailCanceller& canceller;
    const Clock& clock;
    const SchedulerMetrics& metrics;
    // A task becomes claimable again this long after its replica died. A replica that works longer
    // on a task extends its lease.
    absl::Duration lease = absl::Minutes(1);
  };
  explicit TaskWorker(const Dependencies& dependencies) : deps_(dependencies) {}

  // Claims a batch of due tasks and executes them. False when no task is due.
  bool RunOnce();

  // After this, tasks that are claimed but not started are released.
  void Stop() { stopping_ = true; }

 private:
  void WakeMail(std::span<const Task> recorded, const std::vector<TaskResult>& results);
  // False when the claim was lost, or the worker stops.
  bool ExtendLease(const Task& task);
  TaskResult Execute(const Task& task, absl::Time lease_end);
  void Settle(const Task& task, const TaskResult& result);

  const Dependencies deps_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::scheduler
