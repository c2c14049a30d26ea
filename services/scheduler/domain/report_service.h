#pragma once

#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace lmsmail::scheduler {

struct Course {
  std::string id = "";
  std::string title = "";
  std::string url = "";
  std::string instructor_name = "";
  int lesson_count = 0;  // 0: not known

  bool operator==(const Course&) const = default;
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
  std::variant<Enrolled, Unenrolled, LessonCompleted, Watched, QuizPassed> what;
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

  // Records all facts or none. A fact whose id is known already is ignored.
  virtual absl::Status RecordFacts(const std::vector<Fact>& facts) = 0;
  // Replaces the courses as a whole.
  virtual absl::Status UpsertCourses(const std::vector<Course>& courses) = 0;
  // NOT_FOUND when there is none.
  virtual absl::StatusOr<Course> GetCourse(const std::string& course_id) = 0;
  virtual absl::StatusOr<StudentPage> ListEnrolledStudents(const std::string& course_id,
                                                           int page_size,
                                                           const std::string& page_token) = 0;
};

}  // namespace lmsmail::scheduler
