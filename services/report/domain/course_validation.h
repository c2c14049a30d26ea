#pragma once

#include <cstddef>
#include <string_view>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/report/domain/activity.h"
#include "services/report/domain/course.h"

// Validation of what callers store. Adds every violation, under the path of its field.
namespace lmsmail::report {

inline constexpr std::size_t kMaxItems = 1000;  // per call

void CheckRequestId(std::string_view request_id, Violations& violations);

// Checks all but the id, which was parsed from the course's name.
void CheckCourse(const Course& course, Violations& violations);

// The same for what is told of a course: nothing is required.
void CheckCourseFact(const Course& course, Violations& violations);

// Checks all but the ids of student and course, which were parsed from their names.
void CheckActivity(const Activity& activity, absl::Time now, Violations& violations);

// `field` must have 1 to kMaxItems items; it has `count`.
void CheckCount(std::size_t count, std::string_view field, Violations& violations);

}  // namespace lmsmail::report
