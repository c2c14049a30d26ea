#pragma once

#include <string>
#include <vector>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "libs/school/school.h"
#include "services/scheduler/automations/mail_sender.h"
#include "services/scheduler/domain/course_directory.h"
#include "services/scheduler/domain/report_service.h"
#include "services/scheduler/domain/task.h"

namespace lmsmail::scheduler {

// Submits the mail of automations to dispatch. Thread-safe.
class AutomationMailer {
 public:
  // Dates in mail are in the zone of `school`.
  AutomationMailer(MailSender& sender, ReportService& report, CourseDirectory& courses,
                   school::SchoolSource& school, const Clock& clock)
      : sender_(sender), report_(report), courses_(courses), school_(school), clock_(clock) {}

  // Executes a kMail task. `extend_lease` is called before each page of a large audience; false
  // means that another replica has claimed the task, or that this one stops.
  TaskResult Mail(const Task& task, absl::FunctionRef<bool()> extend_lease);

 private:
  TaskResult MailStudent(const Task& task, const v1::CourseRef& course);
  TaskResult MailEnrolled(const Task& task, const v1::CourseRef& course,
                          absl::FunctionRef<bool()> extend_lease);
  absl::Status MailPage(const std::vector<std::string>& students, int page,
                        const std::string& mail_key, const MailContent& content,
                        BatchResult& total);

  MailSender& sender_;
  ReportService& report_;
  CourseDirectory& courses_;
  school::SchoolSource& school_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
