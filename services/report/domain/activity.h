#pragma once

#include <optional>
#include <string>
#include <variant>

#include "absl/time/time.h"

namespace lmsmail::report {

struct Enrolled {
  std::optional<absl::Time> start_time = std::nullopt;  // absent: at the time of the activity
};
struct Unenrolled {};
struct LessonCompleted {
  std::string lesson_id;
  std::string lesson_title = {};
};
struct Watched {
  absl::Duration duration;
};
struct QuizTaken {
  std::string quiz_id;
  bool passed = false;
};

// One learning event. `student` and `course` are ids, not resource names.
struct Activity {
  std::string id;
  std::string student;
  std::string course;
  absl::Time time;
  std::variant<std::monostate, Enrolled, Unenrolled, LessonCompleted, Watched, QuizTaken> event;
};

struct Enrollment {
  std::string student;
  std::string course;
  absl::Time enroll_time;  // when the enrollment begins

  bool operator==(const Enrollment&) const = default;
};

}  // namespace lmsmail::report
