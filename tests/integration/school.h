#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

#include "tests/integration/suite.h"

// What the LMS around the suite would do: register students and courses, tell what happened, and
// ask what became of the mail. Students go by their id: "zoe" is `recipients/zoe`,
// zoe@students.example.
namespace lmsmail::integration {

std::string NameOf(std::string_view student);
std::string AddressOf(std::string_view student);

absl::Status Register(Suite& suite, std::initializer_list<std::string_view> students);
absl::Status AddCourse(Suite& suite, std::string_view id, std::string_view title);
// Students who were admitted a month ago; no mail comes of it.
absl::Status Admit(Suite& suite, std::string_view course,
                   std::initializer_list<std::string_view> students);

// A published template "Hello {{word}}", and a mail of it to a student, "Hello world" unless
// changed.
absl::Status CreateGreeting(Suite& suite, std::string_view id, type::v1::Category category);
dispatch::v1::SendRequest Greet(std::string_view template_id, std::string_view student,
                                std::string request_id);
// `count` mails in one batch to addresses of its own that begin with `prefix`. Returns its name.
absl::StatusOr<std::string> GreetMany(Suite& suite, std::string_view template_id,
                                      std::string_view prefix, int count);
absl::StatusOr<dispatch::v1::Message> Send(Suite& suite, const dispatch::v1::SendRequest& request);

scheduler::v1::Event Enrolled(std::string event_id, std::string_view student,
                              std::string_view course);
scheduler::v1::Event Attended(std::string event_id, std::string_view student,
                              std::string_view course);
scheduler::v1::Event Paid(std::string event_id, std::string_view student,
                          std::string_view payment_id);
scheduler::v1::Event Published(std::string event_id, std::string_view course,
                               std::string_view content_id, std::string_view title);

// One result an event; an error only when the call itself failed.
absl::StatusOr<scheduler::v1::PublishEventsResponse> Publish(
    Suite& suite, const std::vector<scheduler::v1::Event>& events);
// The record, once nothing more will come of the event. An error if it FAILED.
absl::StatusOr<scheduler::v1::EventRecord> WaitUntilDone(Suite& suite, std::string_view event_id);

// All mail to a student, newest first.
absl::StatusOr<std::vector<dispatch::v1::Message>> MailTo(Suite& suite, std::string_view student);
// The student's only mail once it is in `state`; an error if there are more.
absl::StatusOr<dispatch::v1::Message> WaitForState(Suite& suite, std::string_view student,
                                                   dispatch::v1::State state);
absl::StatusOr<dispatch::v1::ExplainMessageResponse> Explain(Suite& suite,
                                                             const std::string& message);
// No mail waits or is in flight: what has not arrived by now is not going to.
absl::Status WaitUntilQueueIsEmpty(Suite& suite);

absl::Status Pause(Suite& suite, type::v1::Lane lane);
absl::Status Resume(Suite& suite, type::v1::Lane lane);

}  // namespace lmsmail::integration
