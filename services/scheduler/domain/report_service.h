#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

// The numbers are those of the protocol.
enum class CourseState { kUnspecified = 0, kActive = 1, kArchived = 2, kDeleted = 3 };

struct Course {
  std::string id = "";
  std::string title = "";
  std::string url = "";
  std::string instructor_name = "";
  int lesson_count = 0;  // 0: not known
  CourseState state = CourseState::kUnspecified;

  bool operator==(const Course&) const = default;
};

// What an event told of a course. Values that are empty, 0 or unspecified say nothing.
struct CourseFact {
  Course course;
  absl::Time time;
  absl::Time arrival_time;
};

// Something that a student did in a course.
struct Fact {
  struct Enrolled {
    absl::Time start_time;  // absl::InfinitePast(): at once
  };
  struct Unenrolled {};
  struct LessonCompleted {
    std::string lesson_id;
    std::string lesson_title;
  };
  struct Watched {
    absl::Duration duration;
  };
  struct QuizPassed {
    std::string quiz_id;
  };

  std::string id;       // unique for the fact
  std::string student;  // recipients/{recipient}
  std::string course_id;
  absl::Time time;
  absl::Time arrival_time;  // decides between facts of the same time
  std::variant<Enrolled, Unenrolled, LessonCompleted, Watched, QuizPassed> what;
};

// What is known of a student in a course.
struct Participation {
  bool enrolled = false;                            // false if the course is not active
  absl::Time unenroll_time = absl::InfinitePast();  // of the last time that she left
  absl::Time unenroll_arrival_time = absl::InfinitePast();
  absl::Time last_lesson_time = absl::InfinitePast();
};

struct StudentPage {
  std::vector<std::string> students;  // recipients/{recipient}
  std::string next_page_token;        // empty after the last page
};

// The service that knows courses, enrollments and progress. Errors are the service's own.
// Thread-safe.
class ReportService {
 public:
  virtual ~ReportService() = default;

  // Returns the result of each fact. A fact whose id is known already is OK.
  virtual absl::StatusOr<std::vector<absl::Status>> RecordFacts(const std::vector<Fact>& facts) = 0;
  // Returns the result of each fact. Of each value, the newest that was told counts.
  virtual absl::StatusOr<std::vector<absl::Status>> MergeCourses(
      const std::vector<CourseFact>& facts) = 0;
  virtual absl::StatusOr<Participation> GetParticipation(const std::string& student,
                                                         const std::string& course_id) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<Course> GetCourse(const std::string& course_id) = 0;
  virtual absl::StatusOr<StudentPage> ListEnrolledStudents(const std::string& course_id,
                                                           int page_size,
                                                           const std::string& page_token) = 0;
};

}  // namespace lmsmail::scheduler
