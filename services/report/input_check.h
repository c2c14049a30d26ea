#pragma once

#include <cstddef>
#include <string_view>

#include "absl/time/time.h"

#include "libs/status/error_details.h"
#include "services/report/activity.h"
#include "services/report/course.h"

// What callers may store. Every fault is reported, under the path the caller wrote.
namespace lmsmail::report {

inline constexpr std::size_t kMostItems = 1000;  // in one call

void CheckRequestId(std::string_view request_id, Violations& violations);

// All but the id, which comes from the course's name.
void CheckCourse(const Course& course, Violations& violations);

// All but the ids of student and course, which come from resource names.
void CheckActivity(const Activity& activity, absl::Time now, Violations& violations);

// `count` items in `field`, 1 to kMostItems.
void CheckCount(std::size_t count, std::string_view field, Violations& violations);

}  // namespace lmsmail::report
