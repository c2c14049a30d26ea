#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/event_store.h"
#include "services/scheduler/mail_sender.h"
#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

// Cancels the mail of students who left a course. Thread-safe.
class MailRevoker {
 public:
  MailRevoker(EventStore& events, MailSender& sender, const Clock& clock)
      : events_(events), sender_(sender), clock_(clock) {}

  // Works on a kCancelMail task.
  TaskResult Revoke(const Task& task, absl::Time deadline);

 private:
  EventStore& events_;
  MailSender& sender_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
