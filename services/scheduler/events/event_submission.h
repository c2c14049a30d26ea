#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/domain/scheduler_metrics.h"
#include "services/scheduler/domain/task.h"
#include "services/scheduler/storage/automation_store.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

struct SubmissionResult {
  std::string event_id;
  bool duplicate = false;
  absl::Status status;  // why the event was rejected
};

// What is promised for events.
struct EventPromise {
  // For how long effects that fail are tried, and facts that they need are waited for.
  absl::Duration give_up_after = absl::Hours(24);
  // Older events are recorded and send no mail.
  absl::Duration max_age = absl::Hours(24 * 14);
};

// Validates and stores published events with their tasks. Thread-safe.
class EventSubmission {
 public:
  // `on_stored` is called after events were stored, to wake the workers.
  EventSubmission(EventStore& events, AutomationStore& automations, const Clock& clock,
                  const SchedulerMetrics& metrics, const EventPromise& promise,
                  std::function<void()> on_stored)
      : events_(events),
        automations_(automations),
        clock_(clock),
        metrics_(metrics),
        promise_(promise),
        on_stored_(std::move(on_stored)) {}

  // Returns one result per event, in order. `publisher` is the caller, to whom the ids belong.
  // `validate_only` stores nothing.
  absl::StatusOr<std::vector<SubmissionResult>> Publish(std::string_view publisher,
                                                        const std::vector<v1::Event>& events,
                                                        bool validate_only, absl::Time deadline);

  // Makes the failed and waiting tasks of an event due. `event_id` is an identity::OwnedKey.
  // Returns how many.
  absl::StatusOr<int> Retry(std::string_view event_id, absl::Time deadline);

 private:
  EventStore& events_;
  AutomationStore& automations_;
  const Clock& clock_;
  const SchedulerMetrics& metrics_;
  const EventPromise promise_;
  const std::function<void()> on_stored_;
};

}  // namespace lmsmail::scheduler
