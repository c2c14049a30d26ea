#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "deploy/demo/suite.h"

// A small school to look at: 20 students, 3 courses, and what they learnt last week.
namespace lmsmail::demo {

inline constexpr int kStudents = 20;

// "recipients/student-07"; `number` counts from 1.
std::string Student(int number);

// Registers the students, the courses, who is enrolled and last week's lessons. Repeating it within
// a week changes nothing.
absl::Status LoadDemoData(Suite& suite, absl::Time now);

}  // namespace lmsmail::demo
