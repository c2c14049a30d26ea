#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/student_directory.h"
#include "services/scheduler/domain/task.h"
#include "services/scheduler/storage/event_store.h"

namespace lmsmail::scheduler {

// Submits the mail of automations to dispatch. Decides from the facts that are known then whether
// it is still due, and waits for facts that it needs. Thread-safe.
class AutomationMailer {
 public:
  struct Dependencies {
    EventStore& events;
    MailSender& sender;
    ReportService& report;
    StudentDirectory& students;
    school::SchoolSource& school;  // dates in mail are in its zone
    const Clock& clock;
  };
  explicit AutomationMailer(const Dependencies& dependencies) : deps_(dependencies) {}

  // Executes a kMail task. `extend_lease` is called before each page of a large audience; false
  // means that another replica has claimed the task, or that this one stops.
  TaskResult Mail(const Task& task, absl::FunctionRef<bool()> extend_lease);

 private:
  // Who gets which mail.
  struct Audience {
    BatchResult total = {};
    std::vector<std::string> unknown = {};  // students that are not known yet
  };

  // Why the mail is not due any more, or the time to ask again; nullopt if it is due.
  absl::StatusOr<std::optional<TaskResult>> Objection(const Task& task, const AcceptedEvent& event,
                                                      const Course& course);
  absl::StatusOr<std::optional<TaskResult>> PaymentObjection(const Task& task,
                                                             const AcceptedEvent& event);
  TaskResult MailStudent(const Task& task);
  TaskResult MailEnrolled(const Task& task, absl::FunctionRef<bool()> extend_lease);
  // The fields of the course that `error` says the mail lacks.
  std::vector<std::string> MissingFields(const Task& task, const absl::Status& error) const;
  TaskResult WaitOrFail(const Task& task, std::vector<std::string> facts) const;
  TaskResult AfterRejection(const Task& task, const absl::Status& error) const;
  absl::Status MailPage(const Task& task, const std::vector<std::string>& students, int page,
                        const MailContent& content, Audience& audience);

  const Dependencies deps_;
};

}  // namespace lmsmail::scheduler
