#include "services/report/domain/course_validation.h"

#include <fmt/format.h>

#include <string>
#include <variant>

#include "libs/learning/fact_limits.h"
#include "libs/validation/text.h"

namespace lmsmail::report {
namespace {

using validation::CheckText;

constexpr std::size_t kMaxIdLength = 256;
constexpr std::size_t kMaxRequestIdLength = 128;

void CheckEvent(std::monostate, absl::Time, Violations& violations) {
  violations.Add("event",
                 "is required: one of enrolled, unenrolled, lesson_completed, watched, quiz_taken");
}
void CheckEvent(const Enrolled& event, absl::Time now, Violations& violations) {
  if (event.start_time) {
    learning::CheckStart(*event.start_time, now, "enrolled.start_time", violations);
  }
}
void CheckEvent(const Unenrolled&, absl::Time, Violations&) {}
void CheckEvent(const LessonCompleted& event, absl::Time, Violations& violations) {
  learning::CheckItemId(event.lesson_id, "lesson_completed.lesson_id", violations);
  learning::CheckTitle(event.lesson_title, "lesson_completed.lesson_title", violations);
}
void CheckEvent(const Watched& event, absl::Time, Violations& violations) {
  learning::CheckWatched(event.duration, "watched.duration", violations);
}
void CheckEvent(const QuizTaken& event, absl::Time, Violations& violations) {
  learning::CheckItemId(event.quiz_id, "quiz_taken.quiz_id", violations);
}

}  // namespace

void CheckRequestId(std::string_view request_id, Violations& violations) {
  CheckText(request_id, "request_id", {.max_length = kMaxRequestIdLength}, violations);
}

void CheckCourse(const Course& course, Violations& violations) {
  if (course.title.empty()) violations.Add("title", "is required");
  CheckCourseFact(course, violations);
}

void CheckCourseFact(const Course& course, Violations& violations) {
  learning::CheckTitle(course.title, "title", violations);
  learning::CheckUrl(course.url, "url", violations);
  learning::CheckTitle(course.instructor_name, "instructor_name", violations);
  learning::CheckLessonCount(course.lesson_count, "lesson_count", violations);
}

void CheckActivity(const Activity& activity, absl::Time now, Violations& violations) {
  CheckText(activity.id, "activity_id", {.max_length = kMaxIdLength, .required = true}, violations);
  learning::CheckHappened(activity.time, now, "activity_time", violations);
  std::visit([&](const auto& event) { CheckEvent(event, now, violations); }, activity.event);
}

void CheckCount(std::size_t count, std::string_view field, Violations& violations) {
  if (count >= 1 && count <= kMaxItems) return;
  violations.Add(std::string(field),
                 fmt::format("must have 1 to {} items; it has {}", kMaxItems, count));
}

}  // namespace lmsmail::report
