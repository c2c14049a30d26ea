#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/automation.h"
#include "services/scheduler/automation_store.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/scheduler_metrics.h"
#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

struct IntakeResult {
  std::string event_id;
  bool duplicate = false;
  absl::Status status;  // why it was refused
};

// What a valid event causes while `automations` are on. Pure.
std::vector<TaskPlan> PlanTasks(const v1::Event& event, const std::vector<Automation>& automations,
                                absl::Time now);

// Takes events in. Thread-safe.
class EventIntake {
 public:
  // `stored` is called after events were stored, to wake those who work on them.
  EventIntake(EventStore& events, AutomationStore& automations, const Clock& clock,
              const SchedulerMetrics& metrics, std::function<void()> stored)
      : events_(events),
        automations_(automations),
        clock_(clock),
        metrics_(metrics),
        stored_(std::move(stored)) {}

  // One answer each, in order.
  absl::StatusOr<std::vector<IntakeResult>> Publish(const std::vector<v1::Event>& events,
                                                    absl::Time deadline);

 private:
  EventStore& events_;
  AutomationStore& automations_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
  const std::function<void()> stored_;
};

}  // namespace lmsmail::scheduler
