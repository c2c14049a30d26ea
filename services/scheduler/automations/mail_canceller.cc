#include "services/scheduler/automations/mail_canceller.h"

#include <fmt/format.h>

#include <string>

#include "libs/status/status_macros.h"
#include "services/scheduler/domain/task_result.h"

namespace lmsmail::scheduler {
namespace {

// Dispatch lets mail expire three days after it is due, so older mail is no longer pending there.
constexpr absl::Duration kMaxPendingTime = absl::Hours(24 * 4);

}  // namespace

absl::StatusOr<CancelScope> MailCanceller::ScopeOf(const Task& task) {
  const AcceptedEvent& cause = task.events.back();
  CancelScope scope{.student = task.plan.student};
  switch (TypeOf(cause.event)) {
    case EventType::kPaymentRefunded:
      scope.payment_id = task.plan.payment_id;
      scope.reason = "cancelled: the payment was given back";
      return scope;
    case EventType::kStudentErased:
      scope.all = true;
      scope.reason = "cancelled: the student was erased";
      return scope;
    default:
      break;
  }
  scope.course_id = task.plan.course_id;
  scope.event_time = TimeOf(cause.event);
  scope.arrival_time = cause.arrival_time;
  scope.reason = "cancelled: the student left the course";
  // Who came back, or had come back before this was told, still gets mail to all in the course.
  LMSMAIL_ASSIGN_OR_RETURN(const Participation now,
                           report_.GetParticipation(scope.student, scope.course_id));
  scope.copies = !now.enrolled;
  return scope;
}

TaskResult MailCanceller::Cancel(const Task& task, absl::Time deadline) {
  const absl::Time now = clock_.Now();
  if (task.events.empty()) return Failed("the event has been deleted");
  if (!task.plan.course_id.empty()) {
    const auto unrecorded =
        events_.HasUnrecordedFacts(task.plan.student, task.plan.course_id, deadline);
    if (!unrecorded.ok()) return AfterError(task, unrecorded.status(), now);
    if (*unrecorded) return DeferUntilRecorded(task, now);
  }
  const auto scope = ScopeOf(task);
  if (!scope.ok()) return AfterError(task, scope.status(), now);
  const auto mail = events_.CancelMail(*scope, now, now - kMaxPendingTime, deadline);
  if (!mail.ok()) return AfterError(task, mail.status(), now);
  int cancelled = mail->cancelled;
  for (const std::string& key : mail->keys) {
    const absl::Status status = sender_.Cancel(key);
    if (status.ok()) {
      ++cancelled;
      const absl::Status marked = events_.MarkCancelled(key, scope->reason, deadline);
      if (!marked.ok()) return AfterError(task, marked, clock_.Now());
    } else if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) {
      return AfterError(task, status, clock_.Now());
    }
  }
  if (mail->in_progress > 0 && now < task.plan.give_up_time) {
    return Defer("a mail is being sent to dispatch; it is cancelled there next",
                 RetryTime(task, now));
  }
  return Done(fmt::format("cancelled mails: {}", cancelled));
}

}  // namespace lmsmail::scheduler
