#include "services/scheduler/automations/automation_mailer.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>
#include <string_view>
#include <utility>

#include "absl/types/span.h"

#include "libs/protobuf/deterministic_bytes.h"
#include "libs/school/zone_of.h"
#include "libs/status/error_details.h"
#include "libs/status/status_macros.h"
#include "services/scheduler/automations/mail_context.h"
#include "services/scheduler/automations/mail_key.h"
#include "services/scheduler/domain/awaited_fact.h"
#include "services/scheduler/domain/course_directory.h"
#include "services/scheduler/domain/event.h"
#include "services/scheduler/domain/task_result.h"
#include "services/scheduler/storage/store_deadline.h"

namespace lmsmail::scheduler {
namespace {

constexpr int kPageSize = 1000;
constexpr std::size_t kMaxNamed = 20;  // students that a result names

// A receipt needs no course, and must not wait for the report service.
bool IsAboutPayment(const v1::Event& event) {
  return event.has_payment_succeeded() || event.has_payment_refunded();
}

// What an event knows of its course. Of several events, the last that knows a value counts.
v1::CourseRef CourseToldBy(const Task& task) {
  v1::CourseRef course;
  for (const AcceptedEvent& event : task.events) course.MergeFrom(CourseOf(event.event));
  return course;
}

// The latest report of what the mail is about: an earlier one with other content had failed.
const AcceptedEvent& LatestReport(const Task& task) {
  return *std::ranges::max_element(task.events, {}, &AcceptedEvent::arrival_time);
}

MailContent ContentOf(const Task& task, google::protobuf::Struct context) {
  return {.template_name = task.plan.template_name,
          .lane = task.plan.lane,
          .context = std::move(context),
          .course_id = task.plan.course_id};
}

std::string NameStudents(const std::vector<std::string>& students) {
  const absl::Span<const std::string> named =
      absl::MakeConstSpan(students).subspan(0, std::min(students.size(), kMaxNamed));
  std::string text = fmt::format("{}", fmt::join(named, ", "));
  if (students.size() > named.size()) {
    text += fmt::format(" and {} more", students.size() - named.size());
  }
  return text;
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
  if (!task.plan.course_id.empty() && !IsAboutPayment(task.events.front().event)) {
    const auto unrecorded =
        deps_.events.HasUnrecordedFacts(task.plan.student, task.plan.course_id, StoreDeadline());
    if (!unrecorded.ok()) return AfterError(task, unrecorded.status(), deps_.clock.Now());
    if (*unrecorded) return DeferUntilRecorded(task, deps_.clock.Now());
  }
  return task.plan.audience == scheduler::Audience::kEnrolled ? MailEnrolled(task, extend_lease)
                                                              : MailStudent(task);
}

absl::StatusOr<std::optional<TaskResult>> AutomationMailer::PaymentObjection(
    const Task& task, const AcceptedEvent& event) {
  const bool refund = event.event.has_payment_refunded();
  const std::string& payment = refund ? event.event.payment_refunded().payment_id()
                                      : event.event.payment_succeeded().payment_id();
  LMSMAIL_ASSIGN_OR_RETURN(const PaymentState state,
                           deps_.events.FindPayment(payment, task.plan.student, StoreDeadline()));
  if (!refund) {
    if (!state.refunded) return std::nullopt;
    return Done(fmt::format("no mail: payment {} was given back", payment));
  }
  if (state.receipt_pending || state.refund_pending) {
    return Defer("the receipt of the payment is being cancelled",
                 deps_.clock.Now() + absl::Seconds(1));
  }
  if (!state.receipt_cancelled || state.receipt_sent) return std::nullopt;
  return Done("no mail: the receipt of the payment was cancelled before it was sent");
}

absl::StatusOr<std::optional<TaskResult>> AutomationMailer::Objection(const Task& task,
                                                                      const AcceptedEvent& event,
                                                                      const Course& course) {
  if (IsAboutPayment(event.event)) return PaymentObjection(task, event);
  const TaskPlan& plan = task.plan;
  if (course.state == CourseState::kArchived || course.state == CourseState::kDeleted) {
    return Done(fmt::format("no mail: course {} is {}", course.id,
                            course.state == CourseState::kArchived ? "archived" : "deleted"));
  }
  // Who is enrolled is decided when the mail to all of them is sent.
  if (plan.audience == scheduler::Audience::kEnrolled) return std::nullopt;
  if (plan.course_id.empty() || (!plan.cancellable && plan.unless.empty())) return std::nullopt;
  LMSMAIL_ASSIGN_OR_RETURN(const Participation now,
                           deps_.report.GetParticipation(plan.student, plan.course_id));
  const absl::Time time = TimeOf(event.event);
  const bool left =
      std::pair(now.unenroll_time, now.unenroll_arrival_time) > std::pair(time, event.arrival_time);
  if (left && (plan.cancellable || plan.unless.Has(Condition::kUnenrolled))) {
    return Done(fmt::format("no mail: {} left course {} since", plan.student, plan.course_id));
  }
  if (now.enrolled && plan.unless.Has(Condition::kEnrolled)) {
    return Done(fmt::format("no mail: {} is enrolled in course {}", plan.student, plan.course_id));
  }
  if (now.last_lesson_time > time && plan.unless.Has(Condition::kLessonCompleted)) {
    return Done(fmt::format("no mail: {} completed a lesson of course {} since", plan.student,
                            plan.course_id));
  }
  return std::nullopt;
}

TaskResult AutomationMailer::MailStudent(const Task& task) {
  const AcceptedEvent& event = LatestReport(task);
  const std::string& key = task.plan.mail_key;
  const absl::Time now = deps_.clock.Now();
  const v1::CourseRef told = CourseToldBy(task);
  auto course = IsAboutPayment(event.event)
                    ? absl::StatusOr<Course>(Course{.id = told.course_id(),
                                                    .title = told.title(),
                                                    .url = told.url(),
                                                    .instructor_name = told.instructor_name()})
                    : CompleteCourse(deps_.report, told);
  if (!course.ok()) return AfterError(task, course.status(), now);
  const auto objection = Objection(task, event, *course);
  if (!objection.ok()) return AfterError(task, objection.status(), now);
  if (*objection) return **objection;

  const auto zone = school::ZoneOf(deps_.school);
  if (!zone.ok()) return AfterError(task, zone.status(), now);
  const MailContent content = ContentOf(task, StudentContext(event.event, ToRef(*course), *zone));
  const auto known = deps_.students.FindKnown({task.plan.student});
  if (!known.ok()) return AfterError(task, known.status(), now);
  if (known->empty()) {
    std::vector<std::string> missing =
        MissingFields(task, deps_.sender.Validate(key, task.plan.student, content));
    missing.insert(missing.begin(), task.plan.student);
    return WaitOrFail(task, std::move(missing));
  }
  const absl::Status status = deps_.sender.Send(key, task.plan.student, content);
  if (status.ok()) return Done(fmt::format("mail {}", key));
  if (absl::IsAlreadyExists(status)) {
    // An attempt before this one, whose answer was lost, may have had an older value of the course.
    if (task.attempts > 1) return Done(fmt::format("mail {}: accepted by an earlier attempt", key));
    return Failed(
        fmt::format("mail {} says something else: {}", key, std::string(status.message())));
  }
  return AfterRejection(task, status);
}

std::vector<std::string> AutomationMailer::MissingFields(const Task& task,
                                                         const absl::Status& error) const {
  constexpr std::string_view kPrefix = "context.course.";
  std::vector<std::string> missing;
  if (!absl::IsInvalidArgument(error) || task.plan.course_id.empty()) return missing;
  for (const FieldViolation& violation : ViolationsOf(error)) {
    if (!violation.field.starts_with(kPrefix)) return {};  // waiting would not mend it
    missing.push_back(CourseFieldFact(task.plan.course_id,
                                      std::string_view(violation.field).substr(kPrefix.size())));
  }
  return missing;
}

TaskResult AutomationMailer::AfterRejection(const Task& task, const absl::Status& error) const {
  std::vector<std::string> missing = MissingFields(task, error);
  if (missing.empty()) return AfterError(task, error, deps_.clock.Now());
  return WaitOrFail(task, std::move(missing));
}

TaskResult AutomationMailer::WaitOrFail(const Task& task, std::vector<std::string> facts) const {
  if (deps_.clock.Now() < task.plan.give_up_time) return Wait(task, std::move(facts));
  std::vector<std::string> remedies;
  for (const std::string& fact : facts) remedies.push_back(Remedy(fact));
  return Failed(fmt::format("gave up waiting: {}", fmt::join(remedies, "; ")));
}

TaskResult AutomationMailer::MailEnrolled(const Task& task,
                                          absl::FunctionRef<bool()> extend_lease) {
  const auto course = CompleteCourse(deps_.report, CourseToldBy(task));
  if (!course.ok()) return AfterError(task, course.status(), deps_.clock.Now());
  const auto objection = Objection(task, task.events.back(), *course);
  if (!objection.ok()) return AfterError(task, objection.status(), deps_.clock.Now());
  if (*objection) return **objection;
  std::vector<v1::Event> events;
  for (const AcceptedEvent& event : task.events) events.push_back(event.event);
  const MailContent content = ContentOf(task, ContentContext(events, ToRef(*course)));
  const absl::Status valid =
      deps_.sender.Validate(task.plan.mail_key, "recipients/everyone", content);
  if (absl::IsInvalidArgument(valid)) return AfterRejection(task, valid);

  Audience audience;
  std::string page_token;
  for (int page = 1;; ++page) {
    if (!extend_lease()) {
      return Defer("released, or claimed by another replica", deps_.clock.Now());
    }
    const auto students =
        deps_.report.ListEnrolledStudents(task.plan.course_id, kPageSize, page_token);
    if (!students.ok()) return AfterError(task, students.status(), deps_.clock.Now());
    const absl::Status sent = MailPage(task, students->students, page, content, audience);
    if (!sent.ok()) return AfterError(task, sent, deps_.clock.Now());
    if (students->next_page_token.empty()) break;
    page_token = students->next_page_token;
  }
  std::string detail = Describe(task.plan.mail_key, audience.total);
  if (audience.unknown.empty()) return Done(std::move(detail));
  if (deps_.clock.Now() < task.plan.give_up_time) return Wait(task, std::move(audience.unknown));
  return Done(fmt::format("{}; not to {}, because they are not known; call UpsertRecipients",
                          detail, NameStudents(audience.unknown)));
}

absl::Status AutomationMailer::MailPage(const Task& task, const std::vector<std::string>& students,
                                        int page, const MailContent& content, Audience& audience) {
  std::vector<std::string> wanted = students;
  const bool awaits_students =
      !task.waits_for.empty() && !CourseOfFact(task.waits_for.front()).has_value();
  if (awaits_students) {  // the others have it
    const std::set<std::string> awaited(task.waits_for.begin(), task.waits_for.end());
    std::erase_if(wanted, [&](const std::string& student) { return !awaited.contains(student); });
  }
  if (wanted.empty()) return absl::OkStatus();
  LMSMAIL_ASSIGN_OR_RETURN(const std::set<std::string> known, deps_.students.FindKnown(wanted));
  std::vector<BatchRecipient> recipients;
  std::string body = protobuf::DeterministicBytes(content.context);
  for (const std::string& student : wanted) {
    if (!known.contains(student)) {
      audience.unknown.push_back(student);
      continue;
    }
    recipients.push_back(
        {.student = student, .dedupe_key = StudentKey(task.plan.mail_key, student)});
    body += student;
    body += '\n';
  }
  if (recipients.empty()) return absl::OkStatus();
  BatchResult& total = audience.total;
  const auto result =
      deps_.sender.SendBatch(PageKey(task.plan.mail_key, page, body), content, recipients);
  if (absl::IsAlreadyExists(result.status())) {
    total.accepted += static_cast<int>(recipients.size());
    return absl::OkStatus();
  }
  LMSMAIL_RETURN_IF_ERROR(result.status());
  total.accepted += result->accepted;
  if (total.rejected == 0) total.first_rejection = result->first_rejection;
  total.rejected += result->rejected;
  return absl::OkStatus();
}

}  // namespace lmsmail::scheduler
