#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "lmsmail/dispatch/v1/dispatch_service.pb.h"

// What is sent: news of a course, written from the shipped template "new_content", about 8 KB.
namespace lmsmail::bench {

inline constexpr std::string_view kTemplate = "templates/new_content";
inline constexpr std::string_view kUrgentTemplate = "templates/payment_confirmation";

// The `number`-th student, `recipients/student-7`, whose address ends in "@students.test"; and a
// student whose mail is timed, `recipients/probe-7` with "@probe.test".
std::string StudentName(std::int64_t number);
std::string ProbeName(std::int64_t number);

dispatch::v1::BatchHeader BulkHeader(const std::string& request_id);
// Mail `first` and on; `recipients` students get it in turn.
dispatch::v1::SendBulkRequest BulkChunk(std::int64_t first, std::int64_t count,
                                        std::int64_t recipients);
// One mail of the same size to one student, in the lane of receipts.
dispatch::v1::SendRequest SingleSend(const std::string& run, std::int64_t number,
                                     std::int64_t recipients);
// A receipt to a probe.
dispatch::v1::SendRequest ProbeSend(const std::string& run, std::int64_t number);

inline constexpr std::int64_t kChunk = 1000;
inline constexpr std::int64_t kProbes = 100;

}  // namespace lmsmail::bench
