#include "services/scheduler/automations/automation_mailer.h"

#include <fmt/format.h>

#include <utility>

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/school/zone_of.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/automations/mail_context.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/task_result.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kPageSize = 1000;
// About four minutes: a course may be published shortly after the first event about it.
constexpr int kMaxAttemptsWithoutTitle = 8;

// A receipt needs no course, and must not wait for the report service.
bool NeedsCourse(const v1::Event& event) { return !event.has_payment_succeeded(); }
// The templates of the other mails need the course's title.
bool NeedsTitle(const v1::Event& event) {
  return NeedsCourse(event) && !event.has_demo_class_attended();
}

MailContent ContentOf(const Task& task, google::protobuf::Struct context) {
  return {.template_name = task.plan.template_name,
          .lane = task.plan.lane,
          .context = std::move(context),
          .course_id = task.plan.course_id};
}

std::string Describe(const std::string& key, const BatchResult& total) {
  std::string text = fmt::format("mail {}: {} students", key, total.accepted);
  if (total.rejected > 0) {
    text +=
        fmt::format(", {} rejected, the first because: {}", total.rejected, total.first_rejection);
  }
  return text;
}

}  // namespace

TaskResult AutomationMailer::Mail(const Task& task, absl::FunctionRef<bool()> extend_lease) {
  if (task.events.empty()) return Failed("the event has been deleted");
  // Of several events, the last one that knows the course's title describes the course.
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
        "course {} has no title: neither the event nor an earlier course_upserted has one",
        course.course_id());
    if (task.attempts >= kMaxAttemptsWithoutTitle) return Failed(detail);
    return Defer(detail, RetryTime(task, clock_.Now()));
  }
  return task.plan.audience == Audience::kEnrolled ? MailEnrolled(task, course, extend_lease)
                                                   : MailStudent(task, course);
}

TaskResult AutomationMailer::MailStudent(const Task& task, const v1::CourseRef& course) {
  const std::string& key = task.plan.mail_key;
  const auto zone = school::ZoneOf(school_);
  if (!zone.ok()) return AfterError(task, zone.status(), clock_.Now());
  const absl::Status status = sender_.Send(
      key, task.plan.student, ContentOf(task, StudentContext(task.events.front(), course, *zone)));
  if (status.ok()) return Done(fmt::format("mail {}", key));
  if (absl::IsAlreadyExists(status)) {
    return Done(fmt::format("mail {}: a duplicate of an earlier one", key));
  }
  return AfterError(task, status, clock_.Now());
}

TaskResult AutomationMailer::MailEnrolled(const Task& task, const v1::CourseRef& course,
                                          absl::FunctionRef<bool()> extend_lease) {
  const MailContent content = ContentOf(task, ContentContext(task.events, course));
  BatchResult total;
  std::string page_token;
  for (int page = 1;; ++page) {
    if (!extend_lease()) return Defer("released, or claimed by another replica", clock_.Now());
    const auto students = report_.ListEnrolledStudents(task.plan.course_id, kPageSize, page_token);
    if (!students.ok()) return AfterError(task, students.status(), clock_.Now());
    const absl::Status sent =
        MailPage(students->students, page, task.plan.mail_key, content, total);
    if (!sent.ok()) return AfterError(task, sent, clock_.Now());
    if (students->next_page_token.empty()) break;
    page_token = students->next_page_token;
  }
  return Done(Describe(task.plan.mail_key, total));
}

absl::Status AutomationMailer::MailPage(const std::vector<std::string>& students, int page,
                                        const std::string& mail_key, const MailContent& content,
                                        BatchResult& total) {
  if (students.empty()) return absl::OkStatus();
  std::vector<BatchRecipient> recipients;
  std::string body = protobuf::DeterministicBytes(content.context);
  for (const std::string& student : students) {
    recipients.push_back({.student = student, .dedupe_key = StudentKey(mail_key, student)});
    body += student;
    body += '\n';
  }
  const auto result = sender_.SendBatch(PageKey(mail_key, page, body), content, recipients);
  if (absl::IsAlreadyExists(result.status())) {
    total.accepted += static_cast<int>(students.size());
    return absl::OkStatus();
  }
  LMSMAIL_RETURN_IF_ERROR(result.status());
  total.accepted += result->accepted;
  if (total.rejected == 0) total.first_rejection = result->first_rejection;
  total.rejected += result->rejected;
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
