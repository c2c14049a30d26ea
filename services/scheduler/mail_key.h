#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// The keys under which mail is handed to dispatch. A key says what the mail means, so that whatever
// is repeated, the mail goes once: the automation, with '_' for its '-', and then
//
//   an enrolment, or leaving      enrollment/<course>/<student>/<event id>
//   a payment                     payment_confirmation/<payment id>, however many events tell of it
//   new content, per student      new_content/<course>/<window>/<student>; the window is named
//   after
//                                 the event that opened it
//   all else                      demo_completed/<event id>
//
// A key longer than dispatch takes keeps its beginning and ends in a hash of the whole.
namespace lmsmail::scheduler {

inline constexpr std::size_t kMaxMailKey = 128;

// Of new content it lacks the student: StudentKey() adds it.
std::string MailKey(std::string_view automation_id, const v1::Event& event);

// `student` is recipients/{recipient}.
std::string StudentKey(std::string_view mail_key, std::string_view student);

// The request id of a page of a collected mail. The audience may have changed when a page is handed
// over again, and dispatch refuses another body under the same id; so it tells the `digest` of the
// page's content too. The students' own keys keep any mail from going twice.
std::string PageKey(std::string_view mail_key, int page, std::string_view content);

}  // namespace lmsmail::scheduler
