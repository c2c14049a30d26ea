#pragma once

#include <atomic>

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/automation_mailer.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/fact_recorder.h"
#include "services/scheduler/mail_revoker.h"
#include "services/scheduler/scheduler_metrics.h"
#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

// Works on what events cause. Any number may work side by side, in any number of replicas.
// Thread-safe.
class TaskWorker {
 public:
  struct Parts {
    EventStore& events;
    FactRecorder& recorder;
    AutomationMailer& mailer;
    MailRevoker& revoker;
    const Clock& clock;
    const SchedulerMetrics& metrics;
    // How long a task stays with a replica that died; one at work holds it for longer.
    absl::Duration lease = absl::Minutes(1);
  };
  explicit TaskWorker(const Parts& parts) : parts_(parts) {}

  // Takes some tasks that are due and works on them; returns how many there were.
  int RunOnce();

  // From here on, tasks that are claimed but not begun are put back.
  void Stop() { stopping_ = true; }

 private:
  // False when the claim can't be held any longer, or should not be.
  bool Hold(const Task& task);
  TaskResult WorkOn(const Task& task, absl::Time lease_end);
  void Settle(const Task& task, const TaskResult& result);

  const Parts parts_;
  std::atomic<bool> stopping_ = false;
};

}  // namespace lmsmail::scheduler
