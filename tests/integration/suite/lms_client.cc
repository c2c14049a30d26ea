#include "tests/integration/suite/lms_client.h"

#include <fmt/format.h>

#include <algorithm>

#include "absl/time/clock.h"

#include "libs/protobuf/time.h"
#include "libs/status/status_macros.h"
#include "libs/strings/view.h"
#include "tests/integration/suite/wait.h"

namespace lmsmail::integration {
namespace {

namespace sch = scheduler::v1;
namespace pb = dispatch::v1;

sch::Event EventOf(std::string event_id) {
  sch::Event event;
  event.set_event_id(std::move(event_id));
  return event;
}

// The error of a call with a result for each item, or of its first item that was refused.
template <typename Response>
absl::Status FirstError(const absl::StatusOr<Response>& response) {
  LMSMAIL_RETURN_IF_ERROR(response.status());
  for (const auto& result : response->results()) {
    if (result.status().code() == 0) continue;
    return {static_cast<absl::StatusCode>(result.status().code()), result.status().message()};
  }
  return absl::OkStatus();
}

}  // namespace

std::string NameOf(std::string_view student) { return fmt::format("recipients/{}", student); }

std::string AddressOf(std::string_view student) {
  return fmt::format("{}@students.example", student);
}

absl::Status Register(Suite& suite, const std::vector<std::string>& students) {
  preference::v1::UpsertRecipientsRequest request;
  for (const std::string& student : students) {
    auto& recipient = *request.add_recipients();
    recipient.set_name(NameOf(student));
    recipient.set_email_address(AddressOf(student));
    recipient.set_display_name("Zoë Lindqvist");
    recipient.set_time_zone("Europe/Stockholm");
  }
  return FirstError(Call(suite.preferences(), &Preferences::UpsertRecipients, request));
}

absl::Status Unsubscribe(Suite& suite, std::string_view student, type::v1::Category category) {
  preference::v1::UnsubscribeRequest request;
  request.set_name(NameOf(student));
  request.set_category(category);
  return Call(suite.preferences(), &Preferences::Unsubscribe, request).status();
}

absl::Status AddCourse(Suite& suite, std::string_view id, std::string_view title) {
  report::v1::UpsertCoursesRequest request;
  auto& course = *request.add_courses();
  course.set_name(fmt::format("courses/{}", id));
  course.set_title(std::string(title));
  course.set_url(fmt::format("https://learn.example/courses/{}", id));
  course.set_instructor_name("Dr. Ines Albrecht");
  course.set_lesson_count(12);
  return FirstError(Call(suite.reports(), &Reports::UpsertCourses, request));
}

absl::Status Admit(Suite& suite, std::string_view course,
                   std::initializer_list<std::string_view> students) {
  report::v1::RecordActivityRequest request;
  for (const std::string_view student : students) {
    auto& activity = *request.add_activities();
    activity.set_activity_id(fmt::format("admitted/{}/{}", course, student));
    activity.set_student(NameOf(student));
    activity.set_course(fmt::format("courses/{}", course));
    *activity.mutable_activity_time() = protobuf::ToProto(absl::Now() - absl::Hours(30 * 24));
    activity.mutable_enrolled();
  }
  return FirstError(Call(suite.reports(), &Reports::RecordActivity, request));
}

absl::Status SetCollectWindow(Suite& suite, absl::Duration window) {
  sch::UpdateAutomationRequest request;
  request.mutable_automation()->set_name("automations/new-content");
  request.mutable_automation()->mutable_collect_window()->set_seconds(absl::ToInt64Seconds(window));
  request.mutable_update_mask()->add_paths("collect_window");
  return Call(suite.scheduler(), &Scheduler::UpdateAutomation, request).status();
}

void AddFooter(templates::v1::Template& created) {
  auto& content = *created.mutable_contents(0);
  content.mutable_html()->append(
      "<p>{{#unsubscribe_url}}<a href=\"{{unsubscribe_url}}\">Leave</a>{{/unsubscribe_url}} "
      "{{postal_address}}</p>");
  content.mutable_text()->append(" {{unsubscribe_url}} {{postal_address}}");
  auto& url = *created.add_variables();
  url.set_name("unsubscribe_url");
  url.set_type(templates::v1::Variable::TYPE_URL);
  auto& address = *created.add_variables();
  address.set_name("postal_address");
  address.set_type(templates::v1::Variable::TYPE_STRING);
}

absl::Status CreateGreeting(Suite& suite, std::string_view id, type::v1::Category category) {
  templates::v1::CreateTemplateRequest request;
  request.set_template_id(std::string(id));
  request.set_request_id(fmt::format("create/{}", id));
  request.set_publish(true);
  auto& created = *request.mutable_template_();
  created.set_category(category);
  auto& content = *created.add_contents();
  content.set_language_code("en");
  content.set_subject("Hello {{word}}");
  content.set_html("<p>Hello <b>{{word}}</b></p>");
  content.set_text("Hello {{word}}");
  const bool mandatory =
      category == type::v1::CATEGORY_PAYMENT || category == type::v1::CATEGORY_ENROLLMENT;
  if (!mandatory) AddFooter(created);
  auto& word = *created.add_variables();
  word.set_name("word");
  word.set_type(templates::v1::Variable::TYPE_STRING);
  word.set_required(true);
  word.mutable_sample()->set_string_value("world");
  return Call(suite.templates(), &Templates::CreateTemplate, request).status();
}

pb::SendRequest Greet(std::string_view template_id, std::string_view student,
                      std::string request_id) {
  pb::SendRequest request;
  request.set_request_id(std::move(request_id));
  request.set_template_(fmt::format("templates/{}", template_id));
  request.mutable_target()->set_recipient(NameOf(student));
  (*request.mutable_context()->mutable_fields())["word"].set_string_value("world");
  return request;
}

absl::StatusOr<std::string> GreetMany(Suite& suite, std::string_view template_id,
                                      std::string_view prefix, int count) {
  pb::SendBatchRequest request;
  request.mutable_header()->set_request_id(fmt::format("batch/{}", prefix));
  request.mutable_header()->set_template_(fmt::format("templates/{}", template_id));
  auto& shared = *request.mutable_header()->mutable_shared_context();
  (*shared.mutable_fields())["word"].set_string_value("everyone");
  for (int i = 0; i < count; ++i) {
    request.add_items()->mutable_target()->set_email_address(
        AddressOf(fmt::format("{}-{:04}", prefix, i)));
  }
  LMSMAIL_ASSIGN_OR_RETURN(const pb::SendBatchResponse response,
                           Call(suite.dispatch(), &Dispatch::SendBatch, request));
  if (response.accepted_count() != count) {
    return absl::InternalError(fmt::format("accepted {} mails", response.accepted_count()));
  }
  return response.batch();
}

absl::StatusOr<pb::Message> Send(Suite& suite, const pb::SendRequest& request) {
  return Call(suite.dispatch(), &Dispatch::Send, request);
}

sch::Event Enrolled(std::string event_id, std::string_view student, std::string_view course) {
  sch::Event event = EventOf(std::move(event_id));
  event.mutable_student_enrolled()->set_student(NameOf(student));
  event.mutable_student_enrolled()->mutable_course()->set_course_id(std::string(course));
  return event;
}

sch::Event Attended(std::string event_id, std::string_view student, std::string_view course) {
  sch::Event event = EventOf(std::move(event_id));
  auto& attended = *event.mutable_demo_class_attended();
  attended.set_student(NameOf(student));
  attended.set_class_title("Your first watercolour");
  attended.set_host_name("Marisol Vega");
  attended.mutable_course()->set_course_id(std::string(course));
  attended.set_enroll_url(fmt::format("https://learn.example/enroll/{}", course));
  return event;
}

sch::Event Paid(std::string event_id, std::string_view student, std::string_view payment_id) {
  sch::Event event = EventOf(std::move(event_id));
  auto& paid = *event.mutable_payment_succeeded();
  paid.set_student(NameOf(student));
  paid.set_payment_id(std::string(payment_id));
  paid.set_amount_minor(14900);
  paid.set_currency_code("EUR");
  paid.set_description("Statistics Without Fear, full course");
  paid.set_receipt_url(fmt::format("https://learn.example/receipts/{}", payment_id));
  return event;
}

sch::Event Published(std::string event_id, std::string_view course, std::string_view content_id,
                     std::string_view title) {
  sch::Event event = EventOf(std::move(event_id));
  auto& published = *event.mutable_content_published();
  published.mutable_course()->set_course_id(std::string(course));
  published.set_content_id(std::string(content_id));
  published.set_title(std::string(title));
  published.set_kind("video");
  published.set_url(fmt::format("https://learn.example/courses/{}/{}", course, content_id));
  published.mutable_duration()->set_seconds(540);
  return event;
}

absl::StatusOr<sch::PublishEventsResponse> Publish(Suite& suite,
                                                   const std::vector<sch::Event>& events) {
  sch::PublishEventsRequest request;
  for (const sch::Event& event : events) *request.add_events() = event;
  return Call(suite.scheduler(), &Scheduler::PublishEvents, request);
}

absl::StatusOr<sch::EventRecord> WaitUntilDone(Suite& suite, std::string_view event_id) {
  sch::GetEventRequest request;
  request.set_event_id(std::string(event_id));
  absl::StatusOr<sch::EventRecord> record;
  LMSMAIL_RETURN_IF_ERROR(WaitUntil(fmt::format("event {} is done", event_id), [&] {
    record = Call(suite.scheduler(), &Scheduler::GetEvent, request);
    return record.ok() && record->state() != sch::EventRecord::STATE_PENDING &&
           record->state() != sch::EventRecord::STATE_WAITING;
  }));
  if (record->state() != sch::EventRecord::STATE_DONE) {
    return absl::InternalError(fmt::format("event {}: {}", event_id, record->detail()));
  }
  return record;
}

absl::StatusOr<std::vector<pb::Message>> ListMessages(Dispatch& dispatch,
                                                      pb::ListMessagesRequest request) {
  std::vector<pb::Message> messages;
  do {
    LMSMAIL_ASSIGN_OR_RETURN(const pb::ListMessagesResponse page,
                             Call(dispatch, &Dispatch::ListMessages, request));
    messages.insert(messages.end(), page.messages().begin(), page.messages().end());
    request.set_page_token(page.next_page_token());
  } while (!request.page_token().empty());
  return messages;
}

absl::StatusOr<std::vector<pb::Message>> MailTo(Suite& suite, std::string_view student) {
  pb::ListMessagesRequest request;
  request.mutable_target()->set_recipient(NameOf(student));
  return ListMessages(suite.dispatch(), request);
}

absl::StatusOr<pb::Message> WaitForState(Suite& suite, std::string_view student, pb::State state) {
  absl::StatusOr<std::vector<pb::Message>> mails;
  const absl::Status waited =
      WaitUntil(fmt::format("the mail to {} is {}", student, pb::State_Name(state)), [&] {
        mails = MailTo(suite, student);
        return mails.ok() && !mails->empty() && mails->front().state() == state;
      });
  LMSMAIL_RETURN_IF_ERROR(mails.status());
  if (!waited.ok()) {
    return absl::DeadlineExceededError(
        fmt::format("{}; it is: {}", ToStd(waited.message()),
                    mails->empty() ? "absent" : mails->front().ShortDebugString()));
  }
  if (mails->size() > 1) {
    return absl::InternalError(fmt::format("{} has {} mails", student, mails->size()));
  }
  return mails->front();
}

absl::StatusOr<pb::ExplainMessageResponse> Explain(Suite& suite, const std::string& message) {
  pb::ExplainMessageRequest request;
  request.set_name(message);
  return Call(suite.dispatch(), &Dispatch::ExplainMessage, request);
}

absl::Status WaitUntilQueueIsEmpty(Dispatch& dispatch, absl::Duration timeout) {
  absl::StatusOr<pb::GetQueueStatsResponse> stats;
  const absl::Status waited = WaitUntil(
      "no mail is queued or in flight",
      [&] {
        stats = Call(dispatch, &Dispatch::GetQueueStats, pb::GetQueueStatsRequest());
        return stats.ok() && std::ranges::all_of(stats->lanes(), [](const pb::LaneStats& lane) {
                 return lane.due_count() + lane.waiting_count() + lane.in_flight_count() == 0;
               });
      },
      timeout);
  if (waited.ok() || !stats.ok()) return waited;
  return absl::DeadlineExceededError(
      fmt::format("{}: {}", ToStd(waited.message()), stats->ShortDebugString()));
}

absl::Status Pause(Suite& suite, type::v1::Lane lane) {
  pb::PauseLaneRequest request;
  request.set_lane(lane);
  request.set_detail("paused by a test");
  return Call(suite.dispatch(), &Dispatch::PauseLane, request).status();
}

absl::Status Resume(Suite& suite, type::v1::Lane lane) {
  pb::ResumeLaneRequest request;
  request.set_lane(lane);
  return Call(suite.dispatch(), &Dispatch::ResumeLane, request).status();
}

}  // namespace lmsmail::integration
