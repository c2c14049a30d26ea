#include "services/scheduler/mail_revoker.h"

#include <fmt/format.h>

#include <string>

#include "services/scheduler/task_result.h"

namespace lmsmail::scheduler {
namespace {

// Dispatch lets mail expire three days after it is due; what is older has had its outcome.
constexpr absl::Duration kStillWaiting = absl::Hours(24 * 4);

}  // namespace

TaskResult MailRevoker::Revoke(const Task& task, absl::Time deadline) {
  const absl::Time now = clock_.Now();
  const auto revoked = events_.RevokeMail(task, now, now - kStillWaiting, deadline);
  if (!revoked.ok()) return AfterError(task, revoked.status(), now);
  int cancelled = revoked->dropped;
  for (const std::string& key : revoked->keys) {
    const absl::Status status = sender_.Cancel(key);
    if (status.ok()) {
      ++cancelled;
    } else if (!absl::IsNotFound(status) && !absl::IsFailedPrecondition(status)) {
      return AfterError(task, status, clock_.Now());
    }
  }
  if (revoked->working > 0 && now < task.give_up_time) {
    return Wait("mail is being handed over; it is cancelled after that",
                RetryTime(task.attempts, now));
  }
  return Done(fmt::format("waiting mails cancelled: {}", cancelled));
}

}  // namespace lmsmail::scheduler
