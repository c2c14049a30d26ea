#pragma once

#include "absl/functional/function_ref.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "libs/clock/clock.h"
#include "lmsmail/dispatch/v1/dispatch_service.pb.h"
#include "services/scheduler/course_directory.h"
#include "services/scheduler/learning_records.h"
#include "services/scheduler/mail_sender.h"
#include "services/scheduler/task.h"

namespace lmsmail::scheduler {

// Hands the mail of automations to dispatch. Thread-safe.
class AutomationMailer {
 public:
  // Dates in mail are those of `zone`.
  AutomationMailer(MailSender& sender, LearningRecords& records, CourseDirectory& courses,
                   absl::TimeZone zone, const Clock& clock)
      : sender_(sender), records_(records), courses_(courses), zone_(zone), clock_(clock) {}

  // Works on a kMail task. `hold` is called between the pages of a large audience; when it is
  // false, the task is somebody else's by now.
  TaskResult Mail(const Task& task, absl::FunctionRef<bool()> hold);

 private:
  struct Tally;

  TaskResult MailStudent(const Task& task, const v1::CourseRef& course);
  TaskResult MailEnrolled(const Task& task, const v1::CourseRef& course,
                          absl::FunctionRef<bool()> hold);
  absl::Status MailPage(const report::v1::ListEnrolledStudentsResponse& students, int page,
                        const Task& task, const dispatch::v1::BatchHeader& header, Tally& tally);

  MailSender& sender_;
  LearningRecords& records_;
  CourseDirectory& courses_;
  const absl::TimeZone zone_;
  const Clock& clock_;
};

}  // namespace lmsmail::scheduler
