#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

#include "tests/integration/suite/suite.h"
#include "tests/integration/suite/wait.h"

// The calls that an LMS makes: it registers students and courses, publishes events, and asks for
// the state of mail. Students are named by id: "zoe" is `recipients/zoe` and zoe@students.example.
namespace lmsmail::integration {

std::string NameOf(std::string_view student);
std::string AddressOf(std::string_view student);

absl::Status Register(Suite& suite, const std::vector<std::string>& students);
absl::Status Unsubscribe(Suite& suite, std::string_view student, type::v1::Category category);
absl::Status AddCourse(Suite& suite, std::string_view id, std::string_view title);
// Records that the students enrolled a month ago. This causes no mail.
absl::Status Admit(Suite& suite, std::string_view course,
                   std::initializer_list<std::string_view> students);
// Shortens the time for which new content is collected, which is minutes by default.
absl::Status SetCollectWindow(Suite& suite, absl::Duration window);

// Adds what optional mail needs to be published, to the only language.
void AddFooter(templates::v1::Template& created);
// Creates and publishes the template "Hello {{word}}".
absl::Status CreateGreeting(Suite& suite, std::string_view id, type::v1::Category category);
// Returns a request for a "Hello world" mail from that template.
dispatch::v1::SendRequest Greet(std::string_view template_id, std::string_view student,
                                std::string request_id);
// Sends one batch of `count` mails to distinct addresses that begin with `prefix`. Returns the name
// of the batch.
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

// Returns one result for each event. An error means that the call itself failed.
absl::StatusOr<scheduler::v1::PublishEventsResponse> Publish(
    Suite& suite, const std::vector<scheduler::v1::Event>& events);
// Waits until the event is processed, and returns its record. Returns an error if the event FAILED.
absl::StatusOr<scheduler::v1::EventRecord> WaitUntilDone(Suite& suite, std::string_view event_id);

// Returns the messages of all pages, newest first.
absl::StatusOr<std::vector<dispatch::v1::Message>> ListMessages(
    Dispatch& dispatch, dispatch::v1::ListMessagesRequest request);
absl::StatusOr<std::vector<dispatch::v1::Message>> MailTo(Suite& suite, std::string_view student);
// Waits until the student's only mail is in `state`. Returns an error if there are several mails.
absl::StatusOr<dispatch::v1::Message> WaitForState(Suite& suite, std::string_view student,
                                                   dispatch::v1::State state);
absl::StatusOr<dispatch::v1::ExplainMessageResponse> Explain(Suite& suite,
                                                             const std::string& message);
// Waits until no mail is queued or in flight. Mail that has not arrived then will not arrive.
absl::Status WaitUntilQueueIsEmpty(Dispatch& dispatch, absl::Duration timeout = kTimeout);

absl::Status Pause(Suite& suite, type::v1::Lane lane);
absl::Status Resume(Suite& suite, type::v1::Lane lane);

}  // namespace lmsmail::integration
