#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// The variables that templates get from events. What is not known is left out, never empty, so that
// templates can ask for it. Those of the recipient and the school are dispatch's to add.
namespace lmsmail::scheduler {

// "Monday, 23 November 2026".
std::string FormatDate(absl::Time time, absl::TimeZone zone);

// Of a mail to one student. `course` is what is known of the event's course; dates are in `zone`.
google::protobuf::Struct StudentContext(const v1::Event& event, const v1::CourseRef& course,
                                        absl::TimeZone zone);

// Of a mail about new content; each item once, as the last of `events` to name it tells,
// and at most the first 50.
google::protobuf::Struct ContentContext(const std::vector<v1::Event>& events,
                                        const v1::CourseRef& course);

}  // namespace lmsmail::scheduler
