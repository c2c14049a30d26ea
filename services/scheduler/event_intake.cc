#include "services/scheduler/event_intake.h"

#include <fmt/format.h>

#include <map>
#include <string_view>
#include <utility>

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/rpc/time.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "libs/token/hash.h"
#include "services/scheduler/event_facts.h"
#include "services/scheduler/event_validation.h"
#include "services/scheduler/mail_key.h"

namespace lmsmail::scheduler {
namespace {

// A receipt is owed, and so is the answer to leaving, whoever left.
bool IsRevocable(EventType type) {
  return type != EventType::kPaymentSucceeded && type != EventType::kStudentUnenrolled;
}

TaskPlan PlanMail(const v1::Event& event, const Automation& automation, absl::Time now) {
  TaskPlan plan{.kind = TaskKind::kMail,
                .automation_id = automation.id,
                .template_name = automation.template_name,
                .lane = automation.lane,
                .audience = automation.audience,
                .revocable = IsRevocable(automation.event_type),
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
          "event_id \"{}\" is known with other content: an id stands for one happening", event_id)),
      {"EVENT_ID_REUSED", {}});
}

// The events of one call: which are stored, and how the answers of the store become ours.
class Call {
 public:
  Call(const std::vector<v1::Event>& events, const std::vector<Automation>& automations,
       absl::Time now) {
    results_.resize(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) Add(i, events[i], automations, now);
  }

  const std::vector<NewEvent>& Fresh() const { return fresh_; }

  std::vector<IntakeResult> Answer(const std::vector<Intake>& intakes) && {
    for (std::size_t i = 0; i < intakes.size(); ++i) {
      IntakeResult& result = results_[positions_[i]];
      result.duplicate = intakes[i] == Intake::kDuplicate;
      if (intakes[i] == Intake::kConflict) result.status = Conflict(result.event_id);
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
    const std::int64_t digest = token::Digest64(protobuf::DeterministicBytes(event));
    const auto [known, is_new] = firsts_.try_emplace(event.event_id(), i, digest);
    if (!is_new) {
      if (known->second.second == digest) {
        repeats_.emplace_back(i, known->second.first);
      } else {
        results_[i].status = Conflict(event.event_id());
      }
      return;
    }
    NewEvent fresh{.event = event, .digest = digest, .tasks = {}};
    if (!event.has_event_time()) *fresh.event.mutable_event_time() = rpc::ToProto(now);
    fresh.tasks = PlanTasks(fresh.event, automations, now);
    fresh_.push_back(std::move(fresh));
    positions_.push_back(i);
  }

  std::vector<IntakeResult> results_;
  std::vector<NewEvent> fresh_;
  std::vector<std::size_t> positions_;  // of `fresh_` in `results_`
  std::vector<std::pair<std::size_t, std::size_t>> repeats_;
  std::map<std::string_view, std::pair<std::size_t, std::int64_t>> firsts_;
};

}  // namespace

std::vector<TaskPlan> PlanTasks(const v1::Event& event, const std::vector<Automation>& automations,
                                absl::Time now) {
  std::vector<TaskPlan> plans;
  if (!CourseOf(event).title().empty() || !ActivitiesOf(event).empty()) {
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

absl::StatusOr<std::vector<IntakeResult>> EventIntake::Publish(const std::vector<v1::Event>& events,
                                                               absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Automation> automations,
                           automations_.ListEnabled(deadline));
  const absl::Time now = clock_.Now();
  Call call(events, automations, now);
  std::vector<Intake> intakes;
  if (!call.Fresh().empty()) {
    LMSMAIL_ASSIGN_OR_RETURN(intakes, events_.TakeIn(call.Fresh(), now, deadline));
    stored_();
  }
  std::vector<IntakeResult> results = std::move(call).Answer(intakes);
  for (const IntakeResult& result : results) {
    const bool refused = !result.status.ok();
    (refused            ? metrics_.events_refused
     : result.duplicate ? metrics_.events_duplicate
                        : metrics_.events_stored)
        .Increment();
  }
  return results;
}

}  // namespace lmsmail::scheduler
