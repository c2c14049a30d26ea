#include "services/report/input_check.h"

#include <fmt/format.h>

#include <string>
#include <variant>

#include "libs/validation/text.h"

namespace lmsmail::report {
namespace {

using validation::CheckText;

constexpr std::size_t kMostTitle = 200;
constexpr std::size_t kMostUrl = 2048;
constexpr std::size_t kMostKey = 160;
constexpr std::size_t kMostRequestId = 128;
constexpr int kMostLessons = 100'000;
// Clocks of the LMS and ours may differ a little.
constexpr absl::Duration kClockSkew = absl::Minutes(10);
constexpr absl::Duration kLongestWatch = absl::Hours(24);
// Nobody studied here before; catches seconds taken for milliseconds and the reverse.
const absl::Time kEarliest = absl::FromUnixSeconds(946'684'800);  // 2000-01-01

void CheckKey(std::string_view key, std::string_view field, Violations& violations) {
  CheckText(key, field, {.max_length = kMostKey, .required = true}, violations);
}

void CheckUrl(std::string_view url, Violations& violations) {
  if (url.empty()) return;
  CheckText(url, "url", {.max_length = kMostUrl}, violations);
  if (!url.starts_with("https://") && !url.starts_with("http://")) {
    violations.Add("url", "must be an absolute address beginning with https:// or http://");
  }
}

void CheckFact(std::monostate, absl::Time, Violations& violations) {
  violations.Add("fact",
                 "is required: one of enrolled, unenrolled, lesson_completed, watched, quiz_taken");
}
void CheckFact(const Enrolled& fact, absl::Time now, Violations& violations) {
  if (!fact.start_time) return;
  if (*fact.start_time < kEarliest || *fact.start_time > now + absl::Hours(24 * 366)) {
    violations.Add("enrolled.start_time", "must lie between the year 2000 and a year from now");
  }
}
void CheckFact(const Unenrolled&, absl::Time, Violations&) {}
void CheckFact(const LessonCompleted& fact, absl::Time, Violations& violations) {
  CheckKey(fact.lesson_id, "lesson_completed.lesson_id", violations);
  CheckText(fact.lesson_title, "lesson_completed.lesson_title", {.max_length = kMostTitle},
            violations);
}
void CheckFact(const Watched& fact, absl::Time, Violations& violations) {
  if (fact.duration < absl::Milliseconds(1) || fact.duration > kLongestWatch) {
    violations.Add("watched.duration", "is required: more than 0 and at most 24 hours");
  }
}
void CheckFact(const QuizTaken& fact, absl::Time, Violations& violations) {
  CheckKey(fact.quiz_id, "quiz_taken.quiz_id", violations);
}

}  // namespace

void CheckRequestId(std::string_view request_id, Violations& violations) {
  CheckText(request_id, "request_id", {.max_length = kMostRequestId}, violations);
}

void CheckCourse(const Course& course, Violations& violations) {
  if (course.title.empty()) violations.Add("title", "is required");
  CheckText(course.title, "title", {.max_length = kMostTitle}, violations);
  CheckUrl(course.url, violations);
  CheckText(course.instructor_name, "instructor_name", {.max_length = kMostTitle}, violations);
  if (course.lesson_count < 0 || course.lesson_count > kMostLessons) {
    violations.Add("lesson_count", fmt::format("must be 0 (not known) to {}", kMostLessons));
  }
}

void CheckActivity(const Activity& activity, absl::Time now, Violations& violations) {
  CheckKey(activity.id, "activity_id", violations);
  if (activity.time < kEarliest || activity.time > now + kClockSkew) {
    violations.Add("activity_time", "must lie between the year 2000 and now");
  }
  std::visit([&](const auto& fact) { CheckFact(fact, now, violations); }, activity.fact);
}

void CheckCount(std::size_t count, std::string_view field, Violations& violations) {
  if (count >= 1 && count <= kMostItems) return;
  violations.Add(std::string(field),
                 fmt::format("must have 1 to {} items; there are {}", kMostItems, count));
}

}  // namespace lmsmail::report
