#include "services/scheduler/events/event_submission.h"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

#include "libs/hash/sha256.h"
#include "libs/identity/owned_key.h"
#include "libs/protobuf/deterministic_bytes.h"
#include "libs/protobuf/time.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/events/event_facts.h"
#include "services/scheduler/events/event_validation.h"

namespace lmsmail::scheduler {
namespace {

// A student who leaves still gets receipts, and the mail about leaving.
bool IsCancellable(EventType type) {
  return type != EventType::kPaymentSucceeded && type != EventType::kStudentUnenrolled;
}

TaskPlan PlanMail(const v1::Event& event, const Automation& automation, absl::Time now) {
  TaskPlan plan{.kind = TaskKind::kMail,
                .automation_id = automation.id,
                .template_name = automation.template_name,
                .lane = automation.lane,
                .audience = automation.audience,
                .cancellable = IsCancellable(automation.event_type),
                .student = StudentOf(event),
                .course_id = CourseOf(event).course_id(),
                .mail_key = MailKey(automation.id, event),
                .due_time = now + automation.delay};
  if (automation.collect_window > absl::ZeroDuration()) {
    plan.window_end = now + automation.collect_window;
    plan.due_time += automation.collect_window;
  }
  return plan;
}

absl::Status Conflict(const std::string& event_id) {
  return WithReason(
      absl::AlreadyExistsError(fmt::format(
          "event_id \"{}\" was published before with other content; use a new event_id", event_id)),
      {"EVENT_ID_REUSED", {}});
}

// The events of one Publish() call: which of them go to the store, and their results.
class Batch {
 public:
  Batch(std::string_view publisher, const std::vector<v1::Event>& events,
        const std::vector<Automation>& automations, absl::Time now)
      : publisher_(publisher) {
    results_.resize(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) Add(i, events[i], automations, now);
  }

  const std::vector<NewEvent>& valid_events() const { return valid_events_; }

  // `added` are the store's results for valid_events().
  std::vector<SubmissionResult> Results(const std::vector<AddResult>& added) && {
    for (std::size_t i = 0; i < added.size(); ++i) {
      SubmissionResult& result = results_[positions_[i]];
      result.duplicate = added[i] == AddResult::kDuplicate;
      if (added[i] == AddResult::kConflict) result.status = Conflict(result.event_id);
    }
    for (const auto& [repeat, first] : repeats_) {
      results_[repeat].duplicate = results_[first].status.ok();
      results_[repeat].status = results_[first].status;
    }
    return std::move(results_);
  }

 private:
  void Add(std::size_t i, const v1::Event& event, const std::vector<Automation>& automations,
           absl::Time now) {
    results_[i].event_id = event.event_id();
    results_[i].status = CheckEvent(event).ToStatus();
    if (!results_[i].status.ok()) return;
    const std::int64_t digest = hash::Digest64(protobuf::DeterministicBytes(event));
    const auto [known, is_new] = firsts_.try_emplace(event.event_id(), i, digest);
    if (!is_new) {
      if (known->second.second == digest) {
        repeats_.emplace_back(i, known->second.first);
      } else {
        results_[i].status = Conflict(event.event_id());
      }
      return;
    }
    NewEvent valid{.event = event, .digest = digest, .tasks = {}};
    valid.event.set_event_id(identity::MakeOwnedKey(publisher_, event.event_id()));
    if (!event.has_event_time()) *valid.event.mutable_event_time() = protobuf::ToProto(now);
    valid.tasks = PlanTasks(valid.event, automations, now);
    valid_events_.push_back(std::move(valid));
    positions_.push_back(i);
  }

  const std::string_view publisher_;
  std::vector<SubmissionResult> results_;
  std::vector<NewEvent> valid_events_;
  std::vector<std::size_t> positions_;  // in `results_`, of each of `valid_events_`
  // Indices of an event that repeats an earlier one of the same call, and of the earlier one.
  std::vector<std::pair<std::size_t, std::size_t>> repeats_;
  // Index and digest of the first event with an id.
  std::map<std::string_view, std::pair<std::size_t, std::int64_t>> firsts_;
};

}  // namespace

std::vector<TaskPlan> PlanTasks(const v1::Event& event, const std::vector<Automation>& automations,
                                absl::Time now) {
  std::vector<TaskPlan> plans;
  if (!CourseOf(event).title().empty() || !FactsOf(event).empty()) {
    plans.push_back({.kind = TaskKind::kRecord, .due_time = now});
  }
  if (event.has_student_unenrolled()) {
    plans.push_back({.kind = TaskKind::kCancelMail,
                     .student = StudentOf(event),
                     .course_id = CourseOf(event).course_id(),
                     .due_time = now});
  }
  const EventType type = TypeOf(event);
  if (type == EventType::kUnspecified) return plans;
  for (const Automation& automation : automations) {
    if (automation.enabled && automation.event_type == type) {
      plans.push_back(PlanMail(event, automation, now));
    }
  }
  return plans;
}

absl::StatusOr<std::vector<SubmissionResult>> EventSubmission::Publish(
    std::string_view publisher, const std::vector<v1::Event>& events, absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Automation> automations,
                           automations_.ListEnabled(deadline));
  const absl::Time now = clock_.Now();
  Batch batch(publisher, events, automations, now);
  std::vector<AddResult> added;
  if (!batch.valid_events().empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(added, events_.Add(batch.valid_events(), now, deadline));
    on_stored_();
  }
  std::vector<SubmissionResult> results = std::move(batch).Results(added);
  for (const SubmissionResult& result : results) {
    const bool rejected = !result.status.ok();
    (rejected           ? metrics_.events_rejected
     : result.duplicate ? metrics_.events_duplicate
                        : metrics_.events_stored)
        .Increment();
  }
  return results;
}

}  // namespace lmsmail::scheduler
