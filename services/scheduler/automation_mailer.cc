#include "services/scheduler/automation_mailer.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/event_facts.h"
#include "services/scheduler/mail_context.h"
#include "services/scheduler/mail_key.h"
#include "services/scheduler/resource_names.h"
#include "services/scheduler/task_result.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kPageSize = 1000;
// About four minutes: the course may be published a moment after what happened in it.
constexpr int kAttemptsForTitle = 8;

// A receipt does without the course, and must not wait for anybody's answer.
bool NeedsCourse(const v1::Event& event) { return !event.has_payment_succeeded(); }
// The other mails can't be written without its title.
bool NeedsTitle(const v1::Event& event) {
  return NeedsCourse(event) && !event.has_demo_class_attended();
}

template <typename Message>
void Label(const Task& task, Message& message) {
  if (!task.plan.course_id.empty()) (*message.mutable_labels())["course"] = task.plan.course_id;
}

}  // namespace

// What became of a mail to many.
struct AutomationMailer::Tally {
  std::int64_t accepted = 0;
  std::int64_t refused = 0;
  std::string first_refusal;

  void Count(const dispatch::v1::SendBatchResponse& response) {
    for (const auto& result : response.results()) {
      if (result.status().code() == 0) {
        ++accepted;
      } else if (++refused == 1) {
        first_refusal = result.status().message();
      }
    }
  }

  std::string Describe(const std::string& key) const {
    std::string text = fmt::format("mail {}: {} students", key, accepted);
    if (refused > 0) text += fmt::format(", {} refused, the first: {}", refused, first_refusal);
    return text;
  }
};

TaskResult AutomationMailer::Mail(const Task& task, absl::FunctionRef<bool()> hold) {
  if (task.events.empty()) return Failed("its event is gone");
  // Of several, the last that knows a title tells of the course.
  v1::CourseRef course = CourseOf(task.events.back());
  for (const v1::Event& event : task.events) {
    if (!CourseOf(event).title().empty()) course = CourseOf(event);
  }
  const v1::Event& event = task.events.front();
  if (NeedsCourse(event)) {
    auto complete = courses_.Complete(course);
    if (!complete.ok()) return AfterError(task, complete.status(), clock_.Now());
    course = *std::move(complete);
  }
  if (NeedsTitle(event) && course.title().empty()) {
    const std::string detail = fmt::format(
        "course {} has no title: it is known neither from the event nor from a course_upserted",
        course.course_id());
    if (task.attempts >= kAttemptsForTitle) return Failed(detail);
    return Wait(detail, RetryTime(task.attempts, clock_.Now()));
  }
  return task.plan.audience == Audience::kEnrolled ? MailEnrolled(task, course, hold)
                                                   : MailStudent(task, course);
}

TaskResult AutomationMailer::MailStudent(const Task& task, const v1::CourseRef& course) {
  const std::string& key = task.plan.mail_key;
  dispatch::v1::SendRequest request;
  request.set_request_id(key);
  request.set_template_(task.plan.template_name);
  request.mutable_target()->set_recipient(task.plan.student);
  request.set_lane(task.plan.lane);
  *request.mutable_context() = StudentContext(task.events.front(), course, zone_);
  Label(task, request);
  const absl::Status status = sender_.Send(request);
  if (status.ok()) return Done(fmt::format("mail {}", key));
  if (absl::IsAlreadyExists(status)) {
    return Done(fmt::format("mail {}: a duplicate, handed over before", key));
  }
  return AfterError(task, status, clock_.Now());
}

TaskResult AutomationMailer::MailEnrolled(const Task& task, const v1::CourseRef& course,
                                          absl::FunctionRef<bool()> hold) {
  dispatch::v1::BatchHeader header;
  header.set_template_(task.plan.template_name);
  header.set_lane(task.plan.lane);
  *header.mutable_shared_context() = ContentContext(task.events, course);
  Label(task, header);

  report::v1::ListEnrolledStudentsRequest request;
  request.set_course(CourseName(task.plan.course_id));
  request.set_page_size(kPageSize);
  Tally tally;
  for (int page = 1;; ++page) {
    if (!hold()) return Wait("put back, or taken over by another replica", clock_.Now());
    const auto students = records_.ListEnrolledStudents(request);
    if (!students.ok()) return AfterError(task, students.status(), clock_.Now());
    const absl::Status sent = MailPage(*students, page, task, header, tally);
    if (!sent.ok()) return AfterError(task, sent, clock_.Now());
    if (students->next_page_token().empty()) break;
    request.set_page_token(students->next_page_token());
  }
  return Done(tally.Describe(task.plan.mail_key));
}

absl::Status AutomationMailer::MailPage(const report::v1::ListEnrolledStudentsResponse& students,
                                        int page, const Task& task,
                                        const dispatch::v1::BatchHeader& header, Tally& tally) {
  if (students.enrollments().empty()) return absl::OkStatus();
  dispatch::v1::SendBatchRequest request;
  *request.mutable_header() = header;
  std::string content = protobuf::DeterministicBytes(header.shared_context());
  for (const auto& enrollment : students.enrollments()) {
    dispatch::v1::BatchItem& item = *request.add_items();
    item.mutable_target()->set_recipient(enrollment.student());
    item.set_dedupe_key(StudentKey(task.plan.mail_key, enrollment.student()));
    content += enrollment.student();
    content += '\n';
  }
  request.mutable_header()->set_request_id(PageKey(task.plan.mail_key, page, content));
  const auto response = sender_.SendBatch(request);
  if (absl::IsAlreadyExists(response.status())) {
    tally.accepted += request.items_size();
    return absl::OkStatus();
  }
  LMSMAIL_RETURN_IF_ERROR(response.status());
  tally.Count(*response);
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
