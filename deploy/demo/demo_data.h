#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "deploy/demo/suite.h"

// A demo school with 20 students, 3 courses, and the activities of last week.
namespace lmsmail::demo {

inline constexpr int kStudents = 20;

// Returns "recipients/student-07"; the first `number` is 1.
std::string Student(int number);

// Registers the students, the courses, the enrolments and last week's activities. Repeating it
// within a week has no effect.
absl::Status LoadDemoData(Suite& suite, absl::Time now);

}  // namespace lmsmail::demo
