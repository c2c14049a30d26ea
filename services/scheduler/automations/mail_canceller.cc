#include "services/scheduler/automations/mail_canceller.h"

#include <fmt/format.h>

#include <string>

#include "services/scheduler/domain/task_result.h"

namespace lmsmail::scheduler {
namespace {

// Dispatch lets mail expire three days after it is due, so older mail is no longer pending there.
constexpr absl::Duration kMaxPendingTime = absl::Hours(24 * 4);

}  // namespace

TaskResult MailCanceller::Cancel(const Task& task, absl::Time deadline) {
  const absl::Time now = clock_.Now();
  const auto mail = events_.CancelMail(task, now, now - kMaxPendingTime, deadline);
  if (!mail.ok()) return AfterError(task, mail.status(), now);
  int cancelled = mail->cancelled;
  for (const std::string& key : mail->keys) {
    const absl::Status status = sender_.Cancel(key);
    if (status.ok()) {
      ++cancelled;
    } else if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) {
      return AfterError(task, status, clock_.Now());
    }
  }
  if (mail->in_progress > 0 && now < task.give_up_time) {
    return Defer("a mail is being sent to dispatch; it is cancelled there next",
                 RetryTime(task, now));
  }
  return Done(fmt::format("cancelled mails: {}", cancelled));
}

}  // namespace lmsmail::scheduler
