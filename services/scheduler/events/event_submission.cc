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
#include "libs/tracing/span.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/events/event_facts.h"
#include "services/scheduler/events/event_validation.h"

namespace lmsmail::scheduler {
namespace {

// A student who leaves still gets receipts, and the mail about leaving.
bool IsCancellable(EventType type) {
  return type != EventType::kPaymentSucceeded && type != EventType::kPaymentRefunded &&
         type != EventType::kStudentUnenrolled;
}

// A digest of what happened: the same mail may be caused by several events that report it.
std::int64_t ContentDigest(v1::Event event) {
  event.clear_event_id();
  event.clear_event_time();
  event.clear_quiet();
  return hash::Digest64(protobuf::DeterministicBytes(event));
}

TaskPlan PlanMail(const v1::Event& event, const Automation& automation, absl::Time now) {
  TaskPlan plan{.kind = TaskKind::kMail,
                .automation_id = automation.id,
                .template_name = automation.template_name,
                .lane = automation.lane,
                .audience = automation.audience,
                .unless = automation.unless,
                .cancellable = IsCancellable(automation.event_type),
                .student = StudentOf(event),
                .course_id = CourseOf(event).course_id(),
                .mail_key = MailKey(automation.id, event),
                .content = ContentDigest(event),
                .payment_id = event.payment_succeeded().payment_id(),
                .due_time = now + automation.delay};
  if (automation.collect_window > absl::ZeroDuration()) {
    plan.window_end = now + automation.collect_window;
    plan.due_time += automation.collect_window;
  }
  return plan;
}

// Events that make mail pointless.
bool CancelsMail(EventType type) {
  return type == EventType::kStudentUnenrolled || type == EventType::kPaymentRefunded ||
         type == EventType::kStudentErased;
}

// The tasks that a valid event causes, given the `automations`.
std::vector<TaskPlan> PlanTasks(const v1::Event& event, NoMail no_mail,
                                const std::vector<Automation>& automations, absl::Time now) {
  std::vector<TaskPlan> plans;
  const AcceptedEvent accepted{event, now};
  const EventType type = TypeOf(event);
  if (CourseFactOf(accepted) || !FactsOf(accepted).empty()) {
    plans.push_back({.kind = TaskKind::kRecord,
                     .student = StudentOf(event),
                     .course_id = CourseOf(event).course_id(),
                     .due_time = now});
  }
  if (CancelsMail(type)) {
    plans.push_back({.kind = TaskKind::kCancelMail,
                     .student = StudentOf(event),
                     .course_id = event.student_unenrolled().course_id(),
                     .payment_id = event.payment_refunded().payment_id(),
                     .due_time = now});
  }
  if (no_mail != NoMail::kNo || !CanTriggerMail(type)) return plans;
  for (const Automation& automation : automations) {
    if (automation.enabled && automation.event_type == type) {
      plans.push_back(PlanMail(event, automation, now));
    }
  }
  return plans;
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
        const std::vector<Automation>& automations, const EventPromise& promise, absl::Time now)
      : publisher_(publisher), automations_(automations), promise_(promise), now_(now) {
    results_.resize(events.size());
    for (std::size_t i = 0; i < events.size(); ++i) Add(i, events[i]);
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
  void Add(std::size_t i, v1::Event event) {
    results_[i].event_id = event.event_id();
    ClearUnsetTimes(event);
    results_[i].status = CheckEvent(event, now_).ToStatus();
    if (!results_[i].status.ok()) return;
    const bool quiet = event.quiet();
    event.clear_quiet();
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
    event.set_quiet(quiet);
    event.set_event_id(identity::MakeOwnedKey(publisher_, event.event_id()));
    if (!event.has_event_time()) *event.mutable_event_time() = protobuf::ToProto(now_);
    const NoMail no_mail = quiet                                     ? NoMail::kQuiet
                           : TimeOf(event) < now_ - promise_.max_age ? NoMail::kOld
                                                                     : NoMail::kNo;
    NewEvent valid{.event = event,
                   .digest = digest,
                   .tasks = PlanTasks(event, no_mail, automations_, now_),
                   .no_mail = no_mail};
    for (TaskPlan& task : valid.tasks) {
      task.give_up_time = task.due_time + promise_.give_up_after;
      task.traceparent = tracing::SampledParent();
    }
    valid_events_.push_back(std::move(valid));
    positions_.push_back(i);
  }

  const std::string_view publisher_;
  const std::vector<Automation>& automations_;
  const EventPromise& promise_;
  const absl::Time now_;
  std::vector<SubmissionResult> results_;
  std::vector<NewEvent> valid_events_;
  std::vector<std::size_t> positions_;  // in `results_`, of each of `valid_events_`
  // Indices of an event that repeats an earlier one of the same call, and of the earlier one.
  std::vector<std::pair<std::size_t, std::size_t>> repeats_;
  // Index and digest of the first event with an id.
  std::map<std::string, std::pair<std::size_t, std::int64_t>> firsts_;
};

}  // namespace

absl::StatusOr<std::vector<SubmissionResult>> EventSubmission::Publish(
    std::string_view publisher, const std::vector<v1::Event>& events, bool validate_only,
    absl::Time deadline) {
  LMSMAIL_ASSIGN_OR_RETURN(const std::vector<Automation> automations,
                           automations_.ListEnabled(deadline));
  const absl::Time now = clock_.Now();
  Batch batch(publisher, events, automations, promise_, now);
  std::vector<AddResult> added;
  if (validate_only) {
    LMSMAIL_ASSIGN_OR_RETURN(added, events_.Check(batch.valid_events(), deadline));
    return std::move(batch).Results(added);
  }
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

absl::StatusOr<int> EventSubmission::Retry(std::string_view event_id, absl::Time deadline) {
  const absl::Time now = clock_.Now();
  LMSMAIL_ASSIGN_OR_RETURN(const int retried,
                           events_.Retry(event_id, now, now + promise_.give_up_after, deadline));
  if (retried > 0) on_stored_();
  return retried;
}

}  // namespace lmsmail::scheduler
