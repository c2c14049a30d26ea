#pragma once

#include <google/protobuf/struct.pb.h>

#include <string>
#include <vector>

#include "absl/time/time.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"

// The template variables that come from events. A value that is not known is left out instead of
// empty, so that templates can test for it. Times and amounts are passed as they are: they are
// written for the recipient when the mail is rendered. Dispatch adds the variables of the recipient
// and the school.
namespace lmsmail::scheduler {

// For a mail to one student. `course` is what is known of the event's course. A course that starts
// at midnight in `zone`, the school's, starts on that day wherever the student is.
google::protobuf::Struct StudentContext(const v1::Event& event, const v1::CourseRef& course,
                                        absl::TimeZone zone);

// For a mail about new content. Each item is listed once, as the last event about it describes it;
// at most the first 50 items are listed, and `more_items` is the number of the others.
google::protobuf::Struct ContentContext(const std::vector<v1::Event>& events,
                                        const v1::CourseRef& course);

}  // namespace lmsmail::scheduler
