#pragma once

#include <cstdint>
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
  // Decides between activities of the same time; absent: the order in which they are recorded.
  std::optional<absl::Time> arrival_time = std::nullopt;
  std::int64_t digest =
      0;  // of what the caller sent: the same id with another digest is a conflict
};

struct Enrollment {
  std::string student;
  std::string course;
  absl::Time enroll_time;  // when the enrollment begins

  bool operator==(const Enrollment&) const = default;
};

// What is known of a student in a course.
struct Participation {
  bool enrolled =
      false;  // also when the enrollment has not begun; false if the course is not active
  absl::Time enroll_time = {};
  std::optional<absl::Time> unenroll_time = std::nullopt;  // of the last time that she left
  absl::Time unenroll_arrival_time = {};
  std::optional<absl::Time> last_lesson_time = std::nullopt;
};

}  // namespace lmsmail::report
