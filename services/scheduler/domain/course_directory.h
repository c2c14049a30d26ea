#pragma once

#include <string>

#include "absl/status/statusor.h"

#include "lmsmail/scheduler/v1/scheduler_service.pb.h"
#include "services/scheduler/domain/report_service.h"

namespace lmsmail::scheduler {

// What is known of the course of an event: the report service's values, which are the newest, and
// the event's where it has none. Asks each time, because a mail must not have an older value than
// the last event told.
absl::StatusOr<Course> CompleteCourse(ReportService& report, const v1::CourseRef& course);

v1::CourseRef ToRef(const Course& course);

}  // namespace lmsmail::scheduler
