#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/domain/task.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Cancels the mail of students who left a course. Thread-safe.
class MailCanceller {
 public:
  MailCanceller(EventStore& events, MailSender& sender, const Clock& clock)
      : events_(events), sender_(sender), clock_(clock) {}

  // Executes a kCancelMail task.
  TaskResult Cancel(const Task& task, absl::Time deadline);

 private:
  EventStore& events_;
  MailSender& sender_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
