#pragma once

#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/task.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Cancels mail that an event makes pointless: that of a student who left a course or was erased,
// and the receipt of a payment that was given back. Thread-safe.
class MailCanceller {
 public:
  MailCanceller(EventStore& events, ReportService& report, MailSender& sender, const Clock& clock)
      : events_(events), report_(report), sender_(sender), clock_(clock) {}

  // Executes a kCancelMail task.
  TaskResult Cancel(const Task& task, absl::Time deadline);

 private:
  absl::StatusOr<CancelScope> ScopeOf(const Task& task);

  EventStore& events_;
  ReportService& report_;
  MailSender& sender_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
