#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

// The mails that are sent: course news rendered from the built-in template "new_content", about
// 8 KB each.
namespace lmsmail::bench {

inline constexpr std::string_view kTemplate = "templates/new_content";
inline constexpr std::string_view kUrgentTemplate = "templates/payment_confirmation";

// The resource names of students: `recipients/student-7` has an address at students.test, and
// `recipients/probe-7`, whose mail is timed, has one at probe.test.
std::string StudentName(std::int64_t number);
std::string ProbeName(std::int64_t number);

dispatch::v1::BatchHeader BulkHeader(const std::string& request_id);
// `count` mails from number `first` on, to `recipients` students in rotation.
dispatch::v1::SendBulkRequest BulkChunk(std::int64_t first, std::int64_t count,
                                        std::int64_t recipients);
// One mail of the same size to one student, in the transactional lane.
dispatch::v1::SendRequest SingleSend(const std::string& run, std::int64_t number,
                                     std::int64_t recipients);
// One receipt to a probe.
dispatch::v1::SendRequest ProbeSend(const std::string& run, std::int64_t number);

inline constexpr std::int64_t kChunk = 1000;
inline constexpr std::int64_t kProbes = 100;

}  // namespace lmsmail::bench
