#pragma once

#include <cstdint>
#include <string>

#include "absl/time/time.h"

namespace lmsmail::report {

// Stored in the database by number.
enum class CourseState { kUnspecified = 0, kActive = 1, kArchived = 2, kDeleted = 3 };

struct Course {
  std::string id;
  std::string title = {};
  std::string url = {};
  std::string instructor_name = {};
  std::int32_t lesson_count = 0;  // 0: unknown
  absl::Time update_time = absl::UnixEpoch();
  CourseState state = CourseState::kActive;

  bool operator==(const Course&) const = default;
};

// What somebody told of a course. Values that are empty, 0 or unspecified say nothing.
struct CourseFact {
  Course course;
  absl::Time fact_time = {};     // when it was so
  absl::Time arrival_time = {};  // when it was told; decides between facts of the same time
};

}  // namespace lmsmail::report
