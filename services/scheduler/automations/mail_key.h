#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// The idempotency keys under which mail is submitted to dispatch. A key says what the mail means,
// so that a repeated submission has no effect. It starts with the automation's id, with '_' for
// '-':
//
//   (un)enrollment            enrollment/<course>/<student>/<event id>@<publisher>
//   payment, refund           payment_confirmation/<payment id>/<student>, whichever event reports
//   it new content, per student  new_content/<course>/<window>/<student> any other event
//   demo_completed/<student>/<event id>@<publisher>
//
// <window> is a hash of the id of the event that opened the window. A key that is too long for
// dispatch is cut and ends in a hash of the whole.
namespace lmsmail::scheduler {

inline constexpr std::size_t kMaxMailKey = 128;

// For new content, the key lacks the student: StudentKey() adds it.
std::string MailKey(std::string_view automation_id, const v1::Event& event);

// `student` is recipients/{recipient}.
std::string StudentKey(std::string_view mail_key, std::string_view student);

// The request id of one page of a mail to everyone in a course. The audience may have changed when
// a page is submitted again, and dispatch rejects another body under the same id; so the id
// includes a hash of the page's `content`. The students' own keys prevent duplicate mail.
std::string PageKey(std::string_view mail_key, int page, std::string_view content);

}  // namespace lmsmail::scheduler
